//! How an answer looks on the wire: media type, status, headers, body.

use crate::error::{complete, retry_after};
use async_graphql::{ServerError, Value};
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// The two media types of GraphQL over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// `application/graphql-response+json`: the status code tells whether the request was executed.
    GraphQlResponse,
    /// `application/json`: every GraphQL answer is 200.
    Json,
}

impl Media {
    /// The one that the client likes best; none, if it takes neither.
    pub(crate) fn accepted(accept: Option<&HeaderValue>) -> Option<Self> {
        let Some(accept) = accept else {
            return Some(Self::Json);
        };
        let ranges = accept.to_str().ok()?.split(',').filter_map(Self::range);
        // The first of the best: `max_by_key` alone would take the last.
        ranges
            .rev()
            .max_by_key(|(_, quality)| *quality)
            .filter(|(_, quality)| *quality > 0)
            .map(|(media, _)| media)
    }

    /// One media range and its quality in thousandths.
    fn range(range: &str) -> Option<(Self, u32)> {
        let mut parts = range.split(';').map(str::trim);
        let media = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => Self::GraphQlResponse,
            "application/json" | "application/*" | "*/*" => Self::Json,
            _ => return None,
        };
        let quality =
            parts.find_map(|parameter| parameter.strip_prefix("q=")).map_or(Some(1_000), thousandths);
        Some((media, quality?))
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::GraphQlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// `0.8` is 800 thousandths.
fn thousandths(quality: &str) -> Option<u32> {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let digits = format!("{whole}{fraction:0<3}");
    if fraction.len() <= 3 { digits.parse().ok() } else { None }
}

/// A request that was not executed.
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) error: Box<ServerError>,
}

impl Failure {
    /// A document that was refused.
    pub(crate) fn document(error: ServerError) -> Self {
        Self { status: StatusCode::OK, error: Box::new(error) }
    }
}

/// Everything that an answer is made of.
pub(crate) struct Answer {
    pub(crate) media: Media,
    pub(crate) result: Result<async_graphql::Response, Failure>,
    pub(crate) request_id: String,
}

/// What a response is, as JSON.
#[derive(Serialize)]
pub(crate) struct Body {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ServerError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl Body {
    pub(crate) fn new(errors: Vec<ServerError>, data: Option<Value>, request_id: &str) -> Self {
        Self { errors: completed(errors, request_id), data }
    }
}

/// Errors as a client sees them.
pub(crate) fn completed(mut errors: Vec<ServerError>, request_id: &str) -> Vec<ServerError> {
    errors.iter_mut().for_each(|error| complete(error, request_id));
    errors
}

/// Whether nothing was executed: an error without a path came before execution, which then never was.
pub(crate) fn is_refused(response: &async_graphql::Response) -> bool {
    response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty())
}

impl Answer {
    pub(crate) fn into_response(self) -> Response {
        let (status, errors, data) = match self.result {
            Ok(response) if is_refused(&response) => (self.media.refused(), response.errors, None),
            Ok(response) => (StatusCode::OK, response.errors, Some(response.data)),
            Err(Failure { status, error }) => {
                let status = if status == StatusCode::OK { self.media.refused() } else { status };
                (status, vec![*error], None)
            }
        };
        write(self.media, status, &Body::new(errors, data, &self.request_id), &self.request_id)
    }
}

impl Media {
    /// The status of a document that was refused before it was executed.
    fn refused(self) -> StatusCode {
        match self {
            Self::GraphQlResponse => StatusCode::BAD_REQUEST,
            Self::Json => StatusCode::OK,
        }
    }
}

fn write(media: Media, status: StatusCode, body: &Body, request_id: &str) -> Response {
    let mut builder = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, media.content_type())
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header("x-request-id", request_id);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        builder = builder.header(header::ALLOW, "GET, POST");
    }
    if status == StatusCode::UNAUTHORIZED {
        builder = builder.header(header::WWW_AUTHENTICATE, "Bearer");
    }
    if let Some(seconds) = body.errors.iter().find_map(retry_after) {
        builder = builder.header(header::RETRY_AFTER, seconds);
    }
    // Values of GraphQL always have a JSON text.
    builder.body(serde_json::to_vec(body).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_is_what_the_client_likes_best() {
        let accepted = |text: &'static str| Media::accepted(Some(&HeaderValue::from_static(text)));
        assert_eq!(Media::accepted(None), Some(Media::Json));
        assert_eq!(accepted("*/*"), Some(Media::Json));
        assert_eq!(accepted("application/graphql-response+json"), Some(Media::GraphQlResponse));
        assert_eq!(
            accepted("application/graphql-response+json, application/json;q=0.9"),
            Some(Media::GraphQlResponse)
        );
        assert_eq!(accepted("application/graphql-response+json;q=0.1, application/json"), Some(Media::Json));
        assert_eq!(accepted("application/json, application/graphql-response+json"), Some(Media::Json));
        assert_eq!(accepted("text/html"), None);
        assert_eq!(accepted("application/json;q=0"), None);
    }
}
