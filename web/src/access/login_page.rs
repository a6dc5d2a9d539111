//! The page that asks who you are: plain HTML, in French and English.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use maud::{DOCTYPE, html};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tongue {
    English,
    French,
}

/// What came of the try before, if there was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    Asked,
    Wrong,
    /// For so many seconds.
    Wait(i64),
    Busy,
}

struct Text {
    title: &'static str,
    heading: &'static str,
    name: &'static str,
    password: &'static str,
    enter: &'static str,
    forgotten: &'static str,
}

const ENGLISH: Text = Text {
    title: "Log in · Comptoir",
    heading: "Log in to Comptoir",
    name: "Name",
    password: "Password",
    enter: "Log in",
    forgotten: "Forgotten? Whoever runs this server gives you a new password: ",
};

const FRENCH: Text = Text {
    title: "Connexion · Comptoir",
    heading: "Connexion à Comptoir",
    name: "Identifiant",
    password: "Mot de passe",
    enter: "Se connecter",
    forgotten: "Mot de passe oublié ? La personne qui gère ce serveur vous en donne un nouveau : ",
};

impl Tongue {
    /// The one of the two that the browser would rather have.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get(ACCEPT_LANGUAGE);
        let wanted = wanted
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let weight = |tongue: &str| {
            let weights = wanted.split(',').filter_map(|range| {
                let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
                let primary = tag.trim().split('-').next()?;
                let weight = weight.trim().strip_prefix("q=")?.parse::<f32>().ok()?;
                primary.eq_ignore_ascii_case(tongue).then_some(weight)
            });
            weights.fold(0.0, f32::max)
        };
        if weight("fr") > weight("en") {
            Self::French
        } else {
            Self::English
        }
    }

    fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    fn text(self) -> &'static Text {
        match self {
            Self::English => &ENGLISH,
            Self::French => &FRENCH,
        }
    }
}

impl Login {
    fn message(self, tongue: Tongue) -> Option<String> {
        let french = tongue == Tongue::French;
        Some(match self {
            Self::Asked => return None,
            Self::Wrong if french => "Identifiant ou mot de passe incorrect.".to_owned(),
            Self::Wrong => "This name and password do not belong together.".to_owned(),
            Self::Wait(seconds) if french => {
                format!("Trop d’essais. Réessayez dans {seconds} s.")
            }
            Self::Wait(seconds) => format!("Too many tries. Try again in {seconds} s."),
            Self::Busy if french => "Le serveur est occupé. Réessayez.".to_owned(),
            Self::Busy => "The server is busy. Try again.".to_owned(),
        })
    }
}

/// `name` is what was typed before, `next` where the person wants to go.
pub(crate) fn page(tongue: Tongue, login: Login, name: &str, next: &str) -> String {
    let text = tongue.text();
    let message = login.message(tongue);
    let is_wrong = message.is_some();
    let page = html! {
        (DOCTYPE)
        html lang=(tongue.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (text.title) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/login.css";
            }
            body {
                main {
                    h1 { (text.heading) }
                    form method="post" action="/login" {
                        // There from the start, so that what it says later is read out.
                        p role="alert" id="message" {
                            @if let Some(message) = message { (message) }
                        }
                        input type="hidden" name="next" value=(next);
                        label for="name" { (text.name) }
                        input id="name" name="name" type="text" required autocomplete="username"
                            autocapitalize="none" spellcheck="false" maxlength="64" value=(name)
                            aria-invalid=[is_wrong.then_some("true")]
                            aria-describedby=[is_wrong.then_some("message")]
                            autofocus[name.is_empty()];
                        label for="password" { (text.password) }
                        input id="password" name="password" type="password" required
                            autocomplete="current-password" maxlength="1024"
                            aria-invalid=[is_wrong.then_some("true")]
                            aria-describedby=[is_wrong.then_some("message")]
                            autofocus[!name.is_empty()];
                        button type="submit" { (text.enter) }
                    }
                    p.aside { (text.forgotten) code { "comptoir-web user passwd" } }
                }
            }
        }
    };
    page.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tongue(wanted: &str) -> Tongue {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, wanted.parse().unwrap());
        Tongue::of(&headers)
    }

    #[test]
    fn speaks_the_language_that_is_wanted_more() {
        for wanted in [
            "fr",
            "fr-CH, en;q=0.5",
            "de, fr;q=0.8, en;q=0.7",
            "en;q=0.2,FR;q=0.3",
        ] {
            assert_eq!(tongue(wanted), Tongue::French, "{wanted}");
        }
        for wanted in ["", "en", "de", "en-GB, fr;q=0.9", "*", "fr;q=x"] {
            assert_eq!(tongue(wanted), Tongue::English, "{wanted}");
        }
        assert_eq!(Tongue::of(&HeaderMap::new()), Tongue::English);
    }

    #[test]
    fn what_was_typed_is_text() {
        let page = page(
            Tongue::French,
            Login::Wrong,
            "\"><img onerror=x>",
            "/\"><b>",
        );
        assert!(!page.contains("<img") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&lt;img onerror=x&gt;"), "{page}");
        assert!(
            page.contains("lang=\"fr\"") && page.contains("incorrect"),
            "{page}"
        );
    }
}
