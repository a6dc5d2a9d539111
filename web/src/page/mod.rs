//! The page: its files as `web/build-ui` made them, embedded, with their compressed copies.

mod encoding;

use crate::http::etag::EntityTag;
use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use encoding::Encoding;
use std::collections::HashMap;

/// The files of the built page; none where it has not been built. See `build.rs`.
const BUILT: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// What is served without a built page, and beside it.
const PLAIN_CSS: Asset = Asset {
    path: "/plain.css",
    content_type: "text/css; charset=utf-8",
    identity: include_bytes!("plain.css"),
    brotli: None,
    gzip: None,
};
const LOGIN_CSS: Asset = Asset {
    path: "/login.css",
    identity: include_bytes!("login.css"),
    ..PLAIN_CSS
};
const DOCS_CSS: Asset = Asset {
    path: "/docs.css",
    identity: include_bytes!("../openapi/docs.css"),
    ..PLAIN_CSS
};
const NOT_BUILT: Asset = Asset {
    path: "/index.html",
    content_type: "text/html; charset=utf-8",
    identity: include_bytes!("not_built.html"),
    brotli: None,
    gzip: None,
};
const NOT_FOUND: &str = include_str!("not_found.html");

/// The browser keeps a copy, and asks whether it is still good.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
/// The name holds a hash of the content: another content has another name.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// One file and the compressed copies that were made of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asset {
    /// Begins with `/`.
    path: &'static str,
    content_type: &'static str,
    identity: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

impl Asset {
    /// The bytes in an encoding, `None` where there is no such copy.
    fn copy(&self, encoding: Encoding) -> Option<&'static [u8]> {
        match encoding {
            Encoding::Brotli => self.brotli,
            Encoding::Gzip => self.gzip,
            Encoding::Identity => Some(self.identity),
        }
    }
}

pub(crate) fn is_built() -> bool {
    !BUILT.is_empty()
}

/// All files of the page by path.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    files: HashMap<&'static str, (Asset, EntityTag)>,
}

impl Page {
    /// The page that was built before this program, or one that says how to build it.
    pub(crate) fn embedded() -> Self {
        Self::of(BUILT)
    }

    fn of(built: &[Asset]) -> Self {
        let files = [NOT_BUILT, PLAIN_CSS, LOGIN_CSS, DOCS_CSS]
            .iter()
            .chain(built);
        Self {
            files: files
                .map(|file| (file.path, (*file, EntityTag::of(file.identity))))
                .collect(),
        }
    }

    /// Answers a GET or HEAD of `path`.
    pub(crate) fn respond(&self, path: &str, headers: &HeaderMap) -> Response {
        let path = if path == "/" { "/index.html" } else { path };
        let Some((asset, tag)) = self.files.get(path) else {
            return not_found();
        };
        let wanted = headers
            .get(ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok());
        let (encoding, bytes) = Encoding::accepted(wanted.unwrap_or_default())
            .find_map(|encoding| Some((encoding, asset.copy(encoding)?)))
            .unwrap_or((Encoding::Identity, asset.identity));
        let tag = tag.variant(encoding.as_str());
        let mut response = if tag.is_known_to(headers) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Response::new(Body::from(bytes));
            let answer = response.headers_mut();
            answer.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
            if encoding != Encoding::Identity {
                answer.insert(
                    CONTENT_ENCODING,
                    HeaderValue::from_static(encoding.as_str()),
                );
            }
            response
        };
        let answer = response.headers_mut();
        answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
        answer.insert(ETAG, tag.header());
        answer.insert(
            CACHE_CONTROL,
            if is_hashed(path) {
                IMMUTABLE
            } else {
                REVALIDATE
            },
        );
        response
    }
}

fn not_found() -> Response {
    let kind = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::NOT_FOUND, kind, NOT_FOUND).into_response()
}

/// Whether a file name carries a hash of its content: at least 8 hexadecimal digits between the
/// last `-` or `.` of its stem and the extension, as in `comptoir-0123abcd.js`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    // `app-0123abcd_bg.wasm` is how wasm-bindgen names its second file.
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once(['-', '.']).is_some_and(|(_, hash)| {
        hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::IF_NONE_MATCH;

    const SCRIPT: Asset = Asset {
        path: "/app-0123abcd.js",
        content_type: "text/javascript; charset=utf-8",
        identity: b"plain",
        brotli: Some(b"brotli"),
        gzip: Some(b"gzip"),
    };

    async fn get(page: &Page, path: &str, asked: &[(&str, &str)]) -> (Response<()>, String) {
        let mut headers = HeaderMap::new();
        for (name, value) in asked {
            let name: axum::http::HeaderName = name.parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        let (parts, body) = page.respond(path, &headers).into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (
            Response::from_parts(parts, ()),
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn without_a_built_page_says_how_to_build_it() {
        let (answer, body) = get(&Page::of(&[]), "/", &[]).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(body.contains("web/build-ui"), "{body}");
        assert!(body.contains("/api/v1/history/summary"), "{body}");
    }

    #[tokio::test]
    async fn a_built_page_takes_the_place_of_the_plain_one() {
        let index = Asset {
            path: "/index.html",
            ..SCRIPT
        };
        let (answer, body) = get(&Page::of(&[index]), "/", &[]).await;
        assert_eq!(body, "plain");
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-cache");
    }

    #[tokio::test]
    async fn sends_the_copy_that_the_browser_takes() {
        let page = Page::of(&[SCRIPT]);
        for (accepted, encoding, expected) in [
            ("gzip, deflate, br, zstd", Some("br"), "brotli"),
            ("gzip", Some("gzip"), "gzip"),
            ("br;q=0, gzip;q=0.5", Some("gzip"), "gzip"),
            ("deflate", None, "plain"),
        ] {
            let (answer, body) = get(&page, SCRIPT.path, &[("accept-encoding", accepted)]).await;
            assert_eq!(body, expected, "{accepted}");
            let sent = answer.headers().get(CONTENT_ENCODING);
            assert_eq!(sent.map(|value| value.to_str().unwrap()), encoding);
            assert_eq!(answer.headers()[VARY], "accept-encoding");
        }
    }

    #[tokio::test]
    async fn hashed_names_are_kept_for_ever() {
        let (answer, _) = get(&Page::of(&[SCRIPT]), SCRIPT.path, &[]).await;
        assert_eq!(answer.headers()[CACHE_CONTROL], IMMUTABLE);
        for path in [
            "/app_0123.js",
            "/index.html",
            "/a-deadbee.css",
            "/long-holidays.svg",
        ] {
            assert!(!is_hashed(path), "{path}");
        }
        assert!(is_hashed("/assets/app-0123abcdef_bg.wasm"));
    }

    #[tokio::test]
    async fn an_unchanged_file_is_not_sent_again() {
        let page = Page::of(&[SCRIPT]);
        let brotli = ("accept-encoding", "br");
        let (first, _) = get(&page, SCRIPT.path, &[brotli]).await;
        let tag = first.headers()[ETAG].to_str().unwrap();
        let known = (IF_NONE_MATCH.as_str(), tag);
        let (again, body) = get(&page, SCRIPT.path, &[brotli, known]).await;
        assert_eq!(
            (again.status(), body.as_str()),
            (StatusCode::NOT_MODIFIED, "")
        );
        let (other, _) = get(&page, SCRIPT.path, &[known]).await;
        assert_eq!(
            other.status(),
            StatusCode::OK,
            "another encoding is another representation"
        );
    }

    #[tokio::test]
    async fn an_unknown_path_is_not_found() {
        let (answer, body) = get(&Page::of(&[SCRIPT]), "/nothing", &[]).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert!(body.contains("<h1>"), "{body}");
    }
}
