use std::error::Error;

/// The message of an error with those of its causes.
///
/// # Examples
/// ```
/// use rp_service::admin::with_causes;
/// use rp_service::store::StoreError;
///
/// let error = StoreError::unavailable("the disk is full");
/// assert_eq!(error.to_string(), "storage backend error");
/// assert_eq!(with_causes(&error), "storage backend error: the disk is full");
/// ```
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        // Some errors contain the message of their cause.
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        source = cause.source();
    }
    text
}
