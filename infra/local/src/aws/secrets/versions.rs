//! The versions of one secret, and the staging labels that they have.
//!
//! Rules: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html> and
//! `API_UpdateSecretVersionStage`.
//!
//! Over 300 lines: a third of them are its tests.

use serde::{Deserialize, Serialize};

use crate::{clock::machine_time, random};

pub(super) const CURRENT: &str = "AWSCURRENT";
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";
pub(super) const PENDING: &str = "AWSPENDING";

/// The versions without a label that a secret keeps.
const MAX_UNLABELLED: usize = 100;

/// Seconds in which a version is kept, however many there are.
const KEPT_FOR: i64 = 86_400;

/// One secret.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) name: String,
    /// The newest last.
    versions: Vec<Version>,
    /// Whether its rotation was switched off since the last one began.
    #[serde(default)]
    pub(super) is_rotation_off: bool,
}

/// One version of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    /// `None` until a rotation puts the value.
    pub(super) string: Option<String>,
    pub(super) created: i64,
    #[serde(default)]
    pub(super) stages: Vec<String>,
}

/// Why an operation changes nothing: a code of the service, and its message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServiceError(pub(super) &'static str, pub(super) String);

fn invalid(message: String) -> ServiceError {
    ServiceError("InvalidParameterException", message)
}

fn no_version(id: &str) -> ServiceError {
    let message = format!("Secrets Manager can't find the specified secret value for VersionId: {id}");
    ServiceError("ResourceNotFoundException", message)
}

impl Secret {
    /// Makes a secret with its first version.
    pub(super) fn new(name: String, string: String) -> Self {
        let mut secret = Self { name, versions: Vec::new(), is_rotation_off: false };
        secret.add(random::uuid(), Some(string));
        secret.label_newest();
        secret
    }

    /// Labels the newest version as the current one, unless a version is.
    pub(super) fn label_newest(&mut self) {
        if self.at_stage(CURRENT).is_none()
            && let Some(newest) = self.versions.last().map(|version| version.id.clone())
        {
            self.attach(CURRENT, &newest);
        }
    }

    pub(super) fn versions(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter()
    }

    pub(super) fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// Returns the version that has a label.
    pub(super) fn at_stage(&self, stage: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.has(stage))
    }

    /// Returns the version that a request names by its id, its label, or both; the current one if by neither.
    pub(super) fn requested(&self, id: Option<&str>, stage: Option<&str>) -> Result<&Version, ServiceError> {
        let found = match (id, stage) {
            (Some(id), _) => self.version(id).ok_or_else(|| no_version(id))?,
            (None, stage) => {
                let stage = stage.unwrap_or(CURRENT);
                let missing = || {
                    let message = format!(
                        "Secrets Manager can't find the specified secret value for staging label: {stage}"
                    );
                    ServiceError("ResourceNotFoundException", message)
                };
                self.at_stage(stage).ok_or_else(missing)?
            }
        };
        if found.string.is_none() {
            return Err(no_version(&found.id));
        }
        match (id, stage) {
            (Some(_), Some(stage)) if !found.has(stage) => Err(ServiceError(
                "InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.".to_owned(),
            )),
            _ => Ok(found),
        }
    }

    /// Puts a value as a version. A repeat with the same id and value changes nothing.
    pub(super) fn put(&mut self, id: &str, string: String, stages: &[&str]) -> Result<(), ServiceError> {
        match self.versions.iter_mut().find(|version| version.id == id) {
            Some(version) => match &version.string {
                Some(known) if *known == string => return Ok(()),
                Some(_) => {
                    let message = "You can't modify an existing version, you can only create a new version.";
                    return Err(ServiceError("ResourceExistsException", message.to_owned()));
                }
                // A rotation has made the version, and this is its value.
                None => version.string = Some(string),
            },
            None => self.add(id.to_owned(), Some(string)),
        }
        for stage in stages {
            self.attach(stage, id);
        }
        self.label_newest();
        self.forget_old();
        Ok(())
    }

    /// Moves a label, as `UpdateSecretVersionStage` does.
    pub(super) fn move_stage(
        &mut self,
        stage: &str,
        remove_from: Option<&str>,
        move_to: Option<&str>,
    ) -> Result<(), ServiceError> {
        if let Some(unknown) =
            [remove_from, move_to].into_iter().flatten().find(|id| self.version(id).is_none())
        {
            return Err(no_version(unknown));
        }
        let holder = self.at_stage(stage).map(|version| version.id.clone());
        match (&holder, remove_from) {
            (Some(holder), from)
                if from.is_some_and(|from| from != holder) || (from.is_none() && move_to != Some(holder)) =>
            {
                return Err(invalid(format!(
                    "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to \
                     version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
                )));
            }
            (None, Some(from)) => {
                return Err(invalid(format!("Staging label {stage} is not attached to version {from}.")));
            }
            _ => {}
        }
        match move_to {
            Some(id) => self.attach(stage, id),
            None if stage == CURRENT => {
                return Err(invalid(format!(
                    "You can't remove {CURRENT} without moving it to another version."
                )));
            }
            None => self.detach(stage),
        }
        Ok(())
    }

    /// Returns the version of the rotation in progress: the pending one, or a new one without a value. Switches rotation on.
    pub(super) fn begin_rotation(&mut self) -> String {
        self.is_rotation_off = false;
        let pending = self.at_stage(PENDING).filter(|version| !version.has(CURRENT));
        if let Some(pending) = pending {
            return pending.id.clone();
        }
        let id = random::uuid();
        self.add(id.clone(), None);
        self.attach(PENDING, &id);
        id
    }

    fn add(&mut self, id: String, string: Option<String>) {
        let created = machine_time().as_second();
        self.versions.push(Version { id, string, created, stages: Vec::new() });
    }

    /// Attaches a label to one version. The version that was current until now becomes the previous one.
    fn attach(&mut self, stage: &str, id: &str) {
        let holder = self.at_stage(stage).map(|version| version.id.clone());
        if holder.as_deref() == Some(id) {
            return;
        }
        self.detach(stage);
        if let Some(version) = self.versions.iter_mut().find(|version| version.id == id) {
            version.stages.push(stage.to_owned());
        }
        if let (CURRENT, Some(holder)) = (stage, holder) {
            self.attach(PREVIOUS, &holder);
        }
    }

    fn detach(&mut self, stage: &str) {
        for version in &mut self.versions {
            version.stages.retain(|label| label != stage);
        }
    }

    fn forget_old(&mut self) {
        let unlabelled = self.versions.iter().filter(|version| version.stages.is_empty()).count();
        let mut excess = unlabelled.saturating_sub(MAX_UNLABELLED);
        let kept_since = machine_time().as_second() - KEPT_FOR;
        self.versions.retain(|version| {
            let goes = excess > 0 && version.stages.is_empty() && version.created < kept_since;
            excess -= usize::from(goes);
            !goes
        });
    }
}

impl Version {
    pub(super) fn has(&self, stage: &str) -> bool {
        self.stages.iter().any(|label| label == stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        let mut secret = Secret::new("s".to_owned(), "one".to_owned());
        secret.versions[0].id = "1".to_owned();
        secret
    }

    fn string_at(secret: &Secret, stage: &str) -> Option<String> {
        secret.at_stage(stage).and_then(|version| version.string.clone())
    }

    fn code<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> &'static str {
        result.unwrap_err().0
    }

    #[test]
    fn a_value_that_becomes_current_makes_the_former_one_previous() {
        let mut secret = secret();
        secret.put("2", "two".to_owned(), &[CURRENT]).unwrap();
        assert_eq!(string_at(&secret, CURRENT).as_deref(), Some("two"));
        assert_eq!(string_at(&secret, PREVIOUS).as_deref(), Some("one"));
        secret.put("3", "three".to_owned(), &[CURRENT]).unwrap();
        assert_eq!(string_at(&secret, PREVIOUS).as_deref(), Some("two"));
        assert_eq!(secret.version("1").unwrap().stages, [""; 0]);
    }

    #[test]
    fn a_repeated_put_changes_nothing_and_another_value_is_refused() {
        let mut secret = secret();
        secret.put("2", "two".to_owned(), &[PENDING]).unwrap();
        secret.put("2", "two".to_owned(), &[CURRENT]).unwrap();
        assert_eq!(string_at(&secret, CURRENT).as_deref(), Some("one"));
        assert_eq!(code(secret.put("2", "other".to_owned(), &[PENDING])), "ResourceExistsException");
        assert_eq!(string_at(&secret, PENDING).as_deref(), Some("two"));
    }

    #[test]
    fn a_label_moves_from_the_version_that_has_it() {
        let mut secret = secret();
        secret.put("2", "two".to_owned(), &[PENDING]).unwrap();
        for (stage, from, to, refusal) in [
            (CURRENT, None, Some("2"), "InvalidParameterException"),
            (CURRENT, Some("2"), Some("2"), "InvalidParameterException"),
            (CURRENT, Some("1"), None, "InvalidParameterException"),
            ("OTHER", Some("1"), Some("2"), "InvalidParameterException"),
            (CURRENT, Some("1"), Some("3"), "ResourceNotFoundException"),
        ] {
            assert_eq!(code(secret.move_stage(stage, from, to)), refusal, "{stage} {from:?} {to:?}");
        }
        secret.move_stage(CURRENT, Some("1"), Some("2")).unwrap();
        secret.move_stage(CURRENT, None, Some("2")).unwrap();
        assert_eq!(secret.version("2").unwrap().stages, [PENDING, CURRENT]);
        assert_eq!(secret.version("1").unwrap().stages, [PREVIOUS]);
        secret.move_stage(PENDING, Some("2"), None).unwrap();
        secret.move_stage("OTHER", None, Some("1")).unwrap();
        assert_eq!(secret.version("1").unwrap().stages, [PREVIOUS, "OTHER"]);
    }

    #[test]
    fn a_version_is_read_by_its_id_its_label_or_both() {
        let mut secret = secret();
        secret.put("2", "two".to_owned(), &[PENDING]).unwrap();
        let read = |id, stage| secret.requested(id, stage).map(|version| version.id.as_str());
        assert_eq!(read(None, None).unwrap(), "1");
        assert_eq!(read(None, Some(PENDING)).unwrap(), "2");
        assert_eq!(read(Some("2"), Some(PENDING)).unwrap(), "2");
        assert_eq!(code(read(Some("2"), Some(CURRENT))), "InvalidRequestException");
        assert_eq!(code(read(Some("3"), None)), "ResourceNotFoundException");
        assert_eq!(code(read(None, Some(PREVIOUS))), "ResourceNotFoundException");
    }

    #[test]
    fn a_rotation_begins_with_a_pending_version_without_a_value_and_is_taken_up_again() {
        let mut secret = secret();
        let id = secret.begin_rotation();
        assert_eq!(secret.begin_rotation(), id);
        assert_eq!(code(secret.requested(Some(&id), Some(PENDING))), "ResourceNotFoundException");
        secret.put(&id, "two".to_owned(), &[PENDING]).unwrap();
        assert_eq!(secret.begin_rotation(), id);
        secret.move_stage(CURRENT, Some("1"), Some(&id)).unwrap();
        assert_ne!(secret.begin_rotation(), id);
    }

    #[test]
    fn versions_of_an_earlier_day_without_a_label_are_forgotten() {
        let mut secret = secret();
        let put = |secret: &mut Secret, number: usize| {
            secret.put(&number.to_string(), number.to_string(), &[CURRENT]).unwrap();
        };
        for number in 2..=MAX_UNLABELLED + 10 {
            put(&mut secret, number);
        }
        assert_eq!(secret.versions.len(), MAX_UNLABELLED + 10);
        secret.versions.iter_mut().for_each(|version| version.created -= KEPT_FOR + 1);
        put(&mut secret, MAX_UNLABELLED + 11);
        assert_eq!(secret.versions.len(), MAX_UNLABELLED + 2);
        assert!(secret.version("1").is_none());
    }
}
