//! Errors as a client sees them: one closed enum of codes, each with help.
//!
//! Guarantees: every error has `extensions.code`, `retryable` and `requestId`, and `field` where it
//! is about one input; `OVERLOADED` and `TOO_MANY_TRIES` have `retryAfter`, in seconds. A fault is logged here, once, and reaches the client as `INTERNAL` without a
//! word of what happened. [`ApiError`] has no `Display` on purpose: the library would show any.

use crate::id::Named;
use async_graphql::{Enum, ErrorExtensionValues, ErrorExtensions, ServerError, SimpleObject};
use entity::refusal::{Code, Refusal};

/// Seconds after which a request that was refused for overload may come again.
pub(crate) const RETRY_AFTER: u32 = 1;

/// What a resolver returns instead of an answer.
#[derive(Clone)]
pub(crate) struct ApiError(entity::Error);

/// Shorthand for resolvers.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl<E: Into<entity::Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

macro_rules! error_codes {
    ($($name:ident $code:literal $retryable:literal $english:literal $chinese:literal;)+) => {
        /// Why something was not done. Clients branch on it; the text beside it is for people.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
        #[graphql(name = "ErrorCode")]
        pub(crate) enum ErrorCode {
            $(#[doc = $english] $name,)+
            /// A value in the request is not of the form that its type asks for.
            BadInput,
            /// The body is larger than 128 KiB.
            BodyTooLarge,
            /// The document asks for more than one request may: fewer fields, fewer pages, fewer aliases.
            DocumentTooComplex,
            /// The document is nested too deeply, or its fragments form a circle.
            DocumentTooDeep,
            /// The document can't be read as GraphQL.
            GraphqlParseFailed,
            /// The document asks for something that the schema does not have.
            GraphqlValidationFailed,
            /// Something went wrong on our side. Try again with the same idempotency key; tell support the request id.
            Internal,
            /// No document is known by this hash. Send its text with the hash, once.
            PersistedQueryNotFound,
            /// The body is not a JSON object with a query.
            RequestMalformed,
            /// The request took too long. What it asked for may have been done: try again with the same idempotency key.
            RequestTimeout,
        }

        impl ErrorCode {
            fn of(code: Code) -> Self {
                match code { $(Code::$name => Self::$name),+ }
            }

            /// Every code there is.
            pub(crate) fn all() -> Vec<ErrorHelp> {
                let mut all = vec![$(ErrorHelp {
                    code: Self::$name,
                    retryable: $retryable,
                    english: $english,
                    chinese: $chinese,
                }),+];
                all.extend(Self::PROTOCOL.map(|(code, retryable, english, chinese)| ErrorHelp {
                    code, retryable, english, chinese,
                }));
                all
            }
        }
    };
}
entity::refusals!(error_codes);

impl ErrorCode {
    /// Codes of the protocol, which the bank does not know.
    const PROTOCOL: [(Self, bool, &str, &str); 10] = [
        (
            Self::BadInput,
            false,
            "A value in the request is not of the form that its type asks for.",
            "请求中的某个值不符合其类型要求的格式。",
        ),
        (Self::BodyTooLarge, false, "The body is larger than 128 KiB.", "请求体超过 128 KiB。"),
        (
            Self::DocumentTooComplex,
            false,
            "The document asks for more than one request may. Ask for less at a time.",
            "单个请求查询的内容过多，请分多次请求。",
        ),
        (
            Self::DocumentTooDeep,
            false,
            "The document is nested too deeply, or its fragments form a circle.",
            "文档嵌套过深，或片段之间循环引用。",
        ),
        (
            Self::GraphqlParseFailed,
            false,
            "The document can't be read as GraphQL.",
            "无法将该文档解析为 GraphQL。",
        ),
        (
            Self::GraphqlValidationFailed,
            false,
            "The document asks for something that the schema does not have.",
            "文档请求了架构中不存在的内容。",
        ),
        (
            Self::Internal,
            true,
            "Something went wrong on our side. Try again with the same idempotency key; tell support the request id.",
            "系统内部出现问题，请使用相同的幂等键重试，并将请求 ID 告知客服。",
        ),
        (
            Self::PersistedQueryNotFound,
            true,
            "No document is known by this hash. Send its text with the hash, once.",
            "没有与该哈希对应的文档，请连同文档内容与哈希一起发送一次。",
        ),
        (
            Self::RequestMalformed,
            false,
            "The body is not a JSON object with a query.",
            "请求体不是包含 query 的 JSON 对象。",
        ),
        (
            Self::RequestTimeout,
            true,
            "The request took too long. What it asked for may have been done: try again with the same idempotency key.",
            "请求超时。操作可能已完成，请使用相同的幂等键重试。",
        ),
    ];

    /// The stable name.
    pub(crate) fn name(self) -> String {
        let value = async_graphql::resolver_utils::enum_value(self);
        if let async_graphql::Value::Enum(name) = value { name.to_string() } else { String::new() }
    }
}

/// A code and what to do about it.
#[derive(SimpleObject)]
pub(crate) struct ErrorHelp {
    /// The code.
    code: ErrorCode,
    /// Whether the same request may succeed later, unchanged.
    retryable: bool,
    /// What to do about it, in English.
    english: &'static str,
    /// What to do about it, in Chinese.
    chinese: &'static str,
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        match error.0 {
            entity::Error::Refused(refusal) => refused(refusal),
            entity::Error::Fault(fault) => {
                tracing::error!(%fault, "a request met a fault");
                error_of(ErrorCode::Internal, "Something went wrong on our side.", None, true)
            }
        }
    }
}

fn refused(refusal: Refusal) -> async_graphql::Error {
    let code = refusal.code;
    let again = refusal.retry_after.or((code == Code::Overloaded).then_some(RETRY_AFTER));
    let error = error_of(ErrorCode::of(code), code.english(), refusal.field, code.retryable());
    let error = match again {
        Some(seconds) => error.extend_with(|_, extensions| extensions.set("retryAfter", seconds)),
        None => error,
    };
    match refusal.quote {
        Some(quote) => {
            error.extend_with(|_, extensions| extensions.set("quoteId", quote.to_global().to_id().0))
        }
        None => error,
    }
}

fn error_of(code: ErrorCode, message: &str, field: Option<&str>, retryable: bool) -> async_graphql::Error {
    async_graphql::Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", code.name());
        extensions.set("retryable", retryable);
        if let Some(field) = field {
            extensions.set("field", field);
        }
    })
}

/// An error about the request as a whole.
pub(crate) fn request_error(code: ErrorCode, message: &str) -> ServerError {
    let retryable =
        matches!(code, ErrorCode::Internal | ErrorCode::PersistedQueryNotFound | ErrorCode::RequestTimeout);
    let mut error = ServerError::new(message, None);
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    extensions.set("code", code.name());
    extensions.set("retryable", retryable);
    error
}

/// A refusal of the request as a whole.
pub(crate) fn request_refusal(error: entity::Error) -> ServerError {
    async_graphql::Error::from(ApiError(error)).into_server_error(async_graphql::Pos::default())
}

/// After how many seconds what was refused may be asked again.
pub(crate) fn retry_after(error: &ServerError) -> Option<String> {
    let seconds = error.extensions.as_ref().and_then(|extensions| extensions.get("retryAfter"))?;
    if let async_graphql::Value::Number(seconds) = seconds { Some(seconds.to_string()) } else { None }
}

/// The code of an error that has one.
pub(crate) fn code(error: &ServerError) -> String {
    match error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
        Some(async_graphql::Value::String(code)) => code.clone(),
        Some(_) | None => String::new(),
    }
}

/// Completes an error: a code, if the library gave it none, and the request's id.
pub(crate) fn complete(error: &mut ServerError, request_id: &str) {
    let on_field = !error.path.is_empty();
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        // The library's own limits have no code.
        let code = match (on_field, error.message.as_str()) {
            (true, _) => ErrorCode::BadInput,
            (false, "Query is too complex.") => ErrorCode::DocumentTooComplex,
            (false, "Query is nested too deep.") => ErrorCode::DocumentTooDeep,
            (false, _) => ErrorCode::GraphqlValidationFailed,
        };
        extensions.set("code", code.name());
        extensions.set("retryable", false);
    }
    extensions.set("requestId", request_id);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enum_of_the_schema_is_the_enum_of_the_bank() {
        for code in Code::ALL {
            assert_eq!(ErrorCode::of(*code).name(), code.as_str());
        }
        assert_eq!(ErrorCode::all().len(), Code::ALL.len() + ErrorCode::PROTOCOL.len());
    }
}
