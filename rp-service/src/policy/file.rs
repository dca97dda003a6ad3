//! Policy files.

use super::Policy;

/// A policy file that cannot be read.
#[cfg(feature = "toml")]
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy file: {0}")]
pub struct PolicyFileError(#[from] toml::de::Error);

/// Prints the message: programs that return the error from `main` show it by `Debug`.
#[cfg(feature = "toml")]
impl std::fmt::Debug for PolicyFileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Policy {
    /// Reads a policy from TOML. Missing members have their default; unknown ones are errors.
    ///
    /// # Errors
    /// [`PolicyFileError`], with the line and the expected values.
    ///
    /// # Examples
    /// ```
    /// use rp_service::{Policy, SecondFactorPolicy};
    ///
    /// let policy = Policy::from_toml(r#"
    ///     [default]
    ///     passkeys = { most = 8 }
    ///
    ///     [group.administrators]
    ///     second_factor = "required"
    ///     enrol = { from = 2027-01-15, grace_days = 14 }
    /// "#)?;
    /// assert_eq!(policy.group["administrators"].second_factor, Some(SecondFactorPolicy::Required));
    /// # Ok::<(), rp_service::PolicyFileError>(())
    /// ```
    #[cfg(feature = "toml")]
    pub fn from_toml(text: &str) -> Result<Self, PolicyFileError> {
        Ok(toml::from_str(text)?)
    }

    /// The JSON schema of policy files, for editors.
    #[cfg(feature = "schema")]
    #[must_use]
    pub fn json_schema() -> String {
        let settings = schemars::generate::SchemaSettings::draft2020_12();
        let schema = settings.into_generator().into_root_schema_for::<Self>();
        // A schema is JSON.
        serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "toml")]
    fn error(toml: &str) -> String {
        Policy::from_toml(toml).unwrap_err().0.message().to_owned()
    }

    #[cfg(feature = "toml")]
    #[test]
    fn the_debug_output_of_an_error_has_the_line() {
        let error = Policy::from_toml("sign_up = true\nsignup = true").unwrap_err();
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(
            error.to_string().starts_with("policy file: TOML parse error at line 2, column 1\n"),
            "{error}"
        );
    }

    #[cfg(feature = "toml")]
    #[test]
    fn every_member_of_a_file_is_read() {
        use std::time::Duration;

        use crate::factor_name::FactorName;
        use crate::policy::*;

        let policy =
            Policy::from_toml(include_str!("../../../docs/src/guide/policy/every-member.toml")).unwrap();
        let passkeys = PasskeyRules {
            most: 4,
            device_bound: true,
            user_verification: Preference::Required,
            resident_key: Preference::Preferred,
            attachment: Allowed::only([Attachment::CrossPlatform]),
            attestation: AttestationRule::Trusted,
            certification: Some(Certification::L1Plus),
            fips: Some(Fips::L2),
            hardware: true,
            models: Allowed::only(["a1000000-0000-4000-8000-000000000001".parse().unwrap()]),
            algorithms: Allowed::only([rp_core::Algorithm::Es256]),
            ..PasskeyRules::default()
        };
        let expected = Rules {
            second_factor: SecondFactorPolicy::Required,
            factors: Allowed::only([FactorName::PASSKEY, FactorName::RECOVERY_CODES]),
            passkeys,
            enrol: Some(EnrolmentPeriod {
                from: UtcDate(time::macros::date!(2027 - 01 - 15)),
                grace_days: 14,
                remind_days: 30,
            }),
            reauthenticate: Reauthentication {
                at_sign_in: SecondFactorPrompt::ChangedContext,
                after: MaxAge::After(Duration::from_hours(12)),
                on_changed_context: true,
            },
            after_recovery: AfterRecovery::SignIn,
        };
        assert_eq!(policy.default, expected);
        assert_eq!(policy.group.keys().collect::<Vec<_>>(), ["staff"]);
        assert_eq!(policy.group["staff"].passkeys.synced, Some(true));
        let site = Policy { default: Rules::default(), group: Default::default(), ..policy };
        let mut sessions = SessionPolicy::new(Some(Duration::from_mins(30)), Duration::from_hours(8));
        (sessions.bearer, sessions.first_factor) = (Duration::from_hours(2), Duration::from_mins(5));
        sessions.aal2 = SessionLimits::new(Some(Duration::from_mins(20)), Some(Duration::from_hours(6)));
        sessions.aal3 = SessionLimits::new(Some(Duration::from_mins(10)), None);
        let mut aal3 = Aal3Rules::default();
        (aal3.fips, aal3.certification) = (None, Some(Certification::L2));
        let mut limits = Limits::default();
        limits.reveals.attempts = 5;
        limits.reveals.window = Duration::from_mins(1);
        limits.sign_ups_per_address.attempts = 6;
        assert_eq!(
            site,
            Policy {
                sign_up: true,
                recent_verification: Duration::from_mins(10),
                step_up_user_verification: Some(rp_core::options::UserVerificationRequirement::Required),
                allow_omitted_user_verification: true,
                allow_deleting_last: true,
                conditional_create: true,
                bearer_tokens: true,
                nickname_max_chars: 32,
                sessions,
                aal3,
                username_lists: UsernameLists::Never,
                limits,
                ..Policy::default()
            }
        );
    }

    #[cfg(feature = "toml")]
    #[test]
    fn an_empty_file_is_the_default_policy() {
        assert_eq!(Policy::from_toml(""), Ok(Policy::default()));
        assert_eq!(Policy::from_toml("[default]\n[group.a]\n").unwrap().default, Policy::default().default);
    }

    #[cfg(feature = "toml")]
    #[test]
    fn unknown_members_and_values_are_errors() {
        let unknown = |member: &str| format!("unknown field `{member}`, expected");
        for (toml, member) in [
            ("signup = true", "signup"),
            ("[default]\nsecond-factor = 'never'", "second-factor"),
            ("[default]\npasskeys = { mosts = 8 }", "mosts"),
            ("[group.a]\npasskeys = { mosts = 8 }", "mosts"),
            ("[group.a]\nenrol = { from = 2027-01-15, days = 3 }", "days"),
            ("[group.a]\nreauthenticate = { every = '1h' }", "every"),
            ("limits = { guesses = { attempts = 1, window = '1m' } }", "guesses"),
            ("sessions = { idel = '1m' }", "idel"),
        ] {
            assert!(error(toml).starts_with(&unknown(member)), "{toml}: {}", error(toml));
        }
        assert_eq!(
            error("[default]\nsecond_factor = 'always'"),
            "unknown variant `always`, expected one of `never`, `optional`, `where-enrolled`, `required`"
        );
        assert_eq!(
            error("[group.a]\nenrol = { from = 2027-01-15T00:00:00Z }"),
            "invalid value: string \"2027-01-15T00:00:00Z\", expected a date such as 2027-01-15"
        );
        assert!(error("[default]\npasskeys = { most = -1 }").contains("-1"));
        assert!(error("[group.a]\n[group.a]\n").contains("duplicate"), "{}", error("[group.a]\n[group.a]\n"));
    }

    #[cfg(feature = "toml")]
    #[test]
    fn the_policies_of_the_book_are_policies() {
        let pages = [
            include_str!("../../../docs/src/guide/assurance.md"),
            include_str!("../../../docs/src/guide/policy.md"),
            include_str!("../../../docs/src/guide/recipes.md"),
        ];
        let blocks = pages.iter().flat_map(|page| page.split("```toml\n").skip(1));
        let files: Vec<_> = blocks.filter_map(|block| block.split("```").next()).collect();
        assert_eq!(files.len(), 13);
        for file in files {
            assert!(Policy::from_toml(file).is_ok(), "{file}");
        }
    }

    #[cfg(feature = "schema")]
    #[test]
    fn the_committed_schema_is_that_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/guide/policy/policy.schema.json");
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, Policy::json_schema()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert!(committed == Policy::json_schema(), "run the test with UPDATE_SCHEMA=1 and commit the file");
    }
}
