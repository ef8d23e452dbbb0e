//! In which format the client wants its answer: the `Accept` header, after RFC 9110.

use axum::http::{HeaderMap, HeaderValue, header};

/// How the client wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`.
    GraphqlResponse,
    /// `application/json`.
    Json,
}

impl Media {
    /// As a content type.
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }

    /// The format that the client likes best; none when it likes neither. Whoever does not name the newer format gets the
    /// older one.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let ranges = ranges(headers);
        if ranges.is_empty() {
            return Some(Self::Json);
        }
        let weight = |kind: &str| {
            let exact = ranges.iter().filter(|(name, _)| name == kind);
            exact.map(|(_, weight)| *weight).max()
        };
        let any = || weight("application/*").or_else(|| weight("*/*")).unwrap_or_default();
        let named = weight("application/graphql-response+json");
        let json = weight("application/json").unwrap_or_else(any);
        if named.is_some_and(|named| named > 0 && named >= json) {
            Some(Self::GraphqlResponse)
        } else if json > 0 {
            Some(Self::Json)
        } else {
            (named.unwrap_or_else(any) > 0).then_some(Self::GraphqlResponse)
        }
    }
}

/// What the client accepts: media ranges and their weights.
pub(super) fn ranges(headers: &HeaderMap) -> Vec<(String, u16)> {
    let sent = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(|value| value.split(',')).filter(|range| !range.trim().is_empty()).map(range).collect()
}

/// A media range and its weight in thousandths.
fn range(text: &str) -> (String, u16) {
    let mut parts = text.split(';');
    let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let weight = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| thousandths(value.trim()))
    });
    (name, weight.unwrap_or(1_000))
}

/// A weight from 0 to 1 with at most three decimals; whatever is none counts in full, as if it were not there.
fn thousandths(text: &str) -> u16 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "0" if digits => format!("{decimals:0<3}").parse().unwrap_or(1_000),
        _ => 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_with_the_greatest_weight_wins() {
        use Media::{GraphqlResponse, Json};
        for (accept, wanted) in [
            (&[][..], Some(Json)),
            (&[""], Some(Json)),
            (&["*/*"], Some(Json)),
            (&["application/*"], Some(Json)),
            (&["application/json, application/graphql-response+json"], Some(GraphqlResponse)),
            (&["application/json", "application/graphql-response+json"], Some(GraphqlResponse)),
            (&["application/graphql-response+json;q=0.5, application/json;q=0.9"], Some(Json)),
            (&["application/graphql-response+json; q=0.901, application/json; q=0.9"], Some(GraphqlResponse)),
            (&["application/graphql-response+json;q=0, */*"], Some(Json)),
            (&["application/graphql-response+json;q=0.000"], None),
            (&["application/json;q=0, */*;q=0.1"], Some(GraphqlResponse)),
            (&["*/*;q=0"], None),
            (&["application/*;q=0, */*"], None),
            (&["text/html, application/xml"], None),
            (&["APPLICATION/JSON; charset=utf-8;Q=0.3"], Some(Json)),
            (&["application/json;q=nonsense"], Some(Json)),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, value.parse().unwrap());
            }
            assert_eq!(Media::accepted(&headers), wanted, "{accept:?}");
        }
    }
}
