//! How long the replaced secret of a rotated key works on.

use api::{HandlerError, Member, Request};
use domain::{Error, policy::Policy};
use serde::Deserialize;

/// The default overlap of a key that rotates itself, seconds, where the policy allows as much. A client that
/// lost the response can still use the replaced secret.
const SELF_ROTATION_OVERLAP: i64 = 3_600;

/// The body of a rotation.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SecretRotation"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    /// Seconds for which the replaced secret works on. 0 unless it is given; for `current` an hour, or the most that the policy allows.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 31_536_000)))] // a policy's most
    overlap_seconds: Option<i64>,
}

impl Body {
    /// Reads the body. A missing body, and `null`, is an empty one.
    pub(crate) fn read(request: &Request<Member>) -> Result<Self, HandlerError> {
        let body: Self = request.optional_body()?.unwrap_or_default();
        match body.overlap_seconds {
            Some(..0) => Err(Error::invalid("overlap_seconds", "must be 0 or more").into()),
            _ => Ok(body),
        }
    }

    /// Returns for how many seconds the replaced secret works on: the value of the request, or else the default.
    pub(crate) fn overlap(&self, named: &str, policy: &Policy) -> Result<i64, Error> {
        let max = policy.rotation.max_overlap_seconds;
        match self.overlap_seconds {
            Some(wanted) if wanted > max => {
                Err(Error::PolicyViolation { rule: "rotation.max_overlap_seconds", value: max.to_string() })
            }
            Some(wanted) => Ok(wanted),
            None if named == "current" => Ok(SELF_ROTATION_OVERLAP.min(max)),
            None => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::policy::Preset;

    use super::*;

    fn overlap(wanted: Option<i64>, named: &str, max: i64) -> Option<i64> {
        let mut policy = Policy::preset(Preset::Strict);
        policy.rotation.max_overlap_seconds = max;
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
    fn an_overlap_beyond_the_policy_is_refused() {
        assert_eq!(overlap(Some(7_200), "current", 7_200), Some(7_200));
        assert_eq!(overlap(Some(7_201), "current", 7_200), None);
    }

    #[test]
    fn fuzzed_rotations_overlap_by_what_they_say_within_the_policy() {
        let sample = include_str!("../../../tests/events/rotate-access-key.json");
        let read = |text: &str| {
            let event = fuzz::event_with_body(sample, text);
            let request = Request::read_member(lambda_http::request::from_str(&event).unwrap());
            Body::read(&request.unwrap_or_else(|error| panic!("{error}"))).ok()
        };
        fuzz::documents("secret_rotation").play(|text| {
            let Some((Body { overlap_seconds }, document)) = fuzz::read_body(text, read) else {
                return false;
            };
            let said = document.get("overlap_seconds").filter(|said| !said.is_null());
            let small = overlap_seconds.and_then(|seconds| u32::try_from(seconds).ok()).map(f64::from);
            let said = said.and_then(serde_json::Value::as_f64).filter(|said| *said <= f64::from(u32::MAX));
            assert_eq!(small, said);
            assert!(overlap_seconds.is_none_or(|seconds| seconds >= 0));
            for named in ["current", "7HcX2mPq9LwZtR4bK1nV"] {
                let allowed = overlap(overlap_seconds, named, 7_200);
                assert!(allowed.is_none_or(|seconds| (0..=7_200).contains(&seconds)));
                assert!(
                    overlap_seconds.is_none()
                        || allowed.is_none_or(|seconds| Some(seconds) == overlap_seconds)
                );
            }
            true
        });
    }
}
