use api::{Problem, Request};
use domain::{Error, policy::Policy};
use serde::Deserialize;

/// How long the replaced secret of a key that rotates itself works on, seconds, unless the request or the
/// policy says less: a lost answer then locks nobody out.
const OF_CURRENT: i64 = 3_600;

/// What a rotation may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    overlap_seconds: Option<i64>,
}

impl Body {
    /// Reads the body; none is an empty one.
    pub(crate) fn read(request: &Request) -> Result<Self, Problem> {
        if request.bytes().trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let body: Self = request.body()?;
        match body.overlap_seconds {
            Some(..0) => Err(Error::invalid("overlap_seconds", "must be 0 or more").into()),
            _ => Ok(body),
        }
    }

    /// Returns for how many seconds the replaced secret works on.
    pub(crate) fn overlap(&self, named: &str, policy: &Policy) -> Result<i64, Error> {
        let most = policy.rotation.max_overlap_seconds;
        match self.overlap_seconds {
            Some(wanted) if wanted > most => {
                Err(Error::PolicyViolation { rule: "rotation.max_overlap_seconds", value: most.to_string() })
            }
            Some(wanted) => Ok(wanted),
            None if named == "current" => Ok(OF_CURRENT.min(most)),
            None => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::policy::Preset;

    use super::*;

    fn overlap(wanted: Option<i64>, named: &str, most: i64) -> Option<i64> {
        let mut policy = Policy::preset(Preset::Strict);
        policy.rotation.max_overlap_seconds = most;
        Body { overlap_seconds: wanted }.overlap(named, &policy).ok()
    }

    #[test]
    fn a_key_that_rotates_itself_overlaps_by_an_hour_where_the_policy_allows_it() {
        assert_eq!(overlap(None, "current", 7_200), Some(3_600));
        assert_eq!(overlap(None, "current", 60), Some(60));
        assert_eq!(overlap(Some(0), "current", 7_200), Some(0));
        assert_eq!(overlap(None, "7HcX2mPq9LwZtR4bK1nV", 7_200), Some(0));
    }

    #[test]
    fn the_policy_bounds_what_may_be_asked_for() {
        assert_eq!(overlap(Some(7_200), "current", 7_200), Some(7_200));
        assert_eq!(overlap(Some(7_201), "current", 7_200), None);
    }
}
