//! `infra/rotation/template.yaml`: the rotation of a consumer's secret. Here the consumer's account is this one.

use std::collections::BTreeMap;

use super::{
    ACCOUNT, LocalUrls, REGION, Template, functions, names, policy, present,
    resolve::{Resolver, plain_text},
    store::SecretDeclaration,
    with_local_values, yaml,
};
use crate::error::TemplateError;

/// The function that rotates a secret.
#[derive(Debug, Clone)]
pub(crate) struct Rotation {
    /// The name of its folder, package and binary.
    pub(crate) function: String,
    /// Its ARN by the name that the template gives it, which conditions of policies compare.
    pub(crate) arn: String,
}

impl Template {
    /// Adds the function, its role and the secret that it rotates.
    pub(crate) fn add_rotation(&mut self, text: &str) -> Result<(), TemplateError> {
        let template = yaml::parse(text)?;
        let given = with_local_values(&template, &LocalUrls::default(), &BTreeMap::new());
        let resolver = Resolver::new(&template, &given)?;
        let resources = present(&template, &resolver)?;
        self.functions.extend(functions::read(&template, &resources, &resolver)?);
        self.roles.extend(policy::roles(&template, &resources, &resolver)?);
        let schedules = resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == "AWS::SecretsManager::RotationSchedule");
        for (name, schedule) in schedules {
            let properties = resolver.resolve(&schedule["Properties"])?;
            let (secret, lambda) =
                (plain_text(&properties["SecretId"]), plain_text(&properties["RotationLambdaARN"]));
            let named = names::function_of_arn(&lambda).and_then(|folder| {
                let is_named = |resource: &str| names::folder(&template["Resources"], resource) == folder;
                let (_, function) = resources.iter().find(|(resource, _)| is_named(resource))?;
                Some((folder.to_owned(), &function["Properties"]["FunctionName"]))
            });
            let problem =
                || TemplateError::new(format!("{name}.RotationLambdaARN"), "is no function of the template");
            let (function, function_name) = named.ok_or_else(problem)?;
            let function_name = resolver.text(function_name)?.unwrap_or_default();
            let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_name}");
            self.secrets.push(SecretDeclaration {
                name: names::secret_of_arn(&secret),
                rotation: Some(Rotation { function, arn }),
                ..SecretDeclaration::made_elsewhere(&secret)
            });
        }
        Ok(())
    }
}
