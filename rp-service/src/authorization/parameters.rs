use super::error::AuthorizationError;

/// The parameters of a query or of an `application/x-www-form-urlencoded` body. Unknown ones are ignored (RFC 6749, section
/// 3.1).
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The value of a parameter. One without a value counts as omitted.
    pub(crate) fn optional(&self, parameter: &'static str) -> Result<Option<&str>, AuthorizationError> {
        let mut values = self.0.iter().filter(|(name, _)| name == parameter).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(AuthorizationError::Repeated { parameter }),
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    pub(crate) fn required(&self, parameter: &'static str) -> Result<&str, AuthorizationError> {
        self.optional(parameter)?.ok_or(AuthorizationError::Missing { parameter })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_there_once_or_not_at_all() {
        let parameters = Parameters::parse(b"a=1%20%2B&b=&c=1&c=1&d&%ff=x");
        assert_eq!(parameters.required("a"), Ok("1 +"));
        for parameter in ["b", "d", "e"] {
            assert_eq!(parameters.optional(parameter), Ok(None));
            assert_eq!(parameters.required(parameter), Err(AuthorizationError::Missing { parameter }));
        }
        assert_eq!(parameters.optional("c"), Err(AuthorizationError::Repeated { parameter: "c" }));
    }
}
