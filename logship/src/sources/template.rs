//! Where archives go: a path in the lake with Flume's escapes.

use super::error::Fault;
use crate::seal::Times;
use crate::seal::times::TimePart;
use comptoir_lake::LakePath;

/// Of the machine and of the source: `%{host}`, `%{source}`, `%%`; behind them, of the time: `%Y`, `%m`,
/// `%d`, `%H`.
///
/// An archive is one directory, in which a log's bytes are found by their position. Directories of times
/// lie below it, and only sealed segments go there: see [`Times`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    above: Vec<Part>,
    times: Times,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Host,
    Source,
    Time(TimePart),
}

impl Template {
    /// Where nothing else is said.
    pub const DEFAULT: &str = "/user/flume/logs/%{host}/%{source}";

    pub fn parse(text: &str) -> Result<Self, Fault> {
        let template = Self::split(parts(text)?, text)?;
        template.resolve("host", "source")?;
        Ok(template)
    }

    /// A path that no source has a say in: that of the settings, in which the log's name comes before
    /// its times.
    pub fn of_settings(text: &str) -> Result<(LakePath, Times), Fault> {
        let template = Self::split(parts(text)?, text)?;
        let escape = |escape: &str| Fault::EscapeOfSource {
            escape: escape.to_owned(),
            template: text.to_owned(),
        };
        for part in &template.above {
            match part {
                Part::Host => return Err(escape("%{host}")),
                Part::Source => return Err(escape("%{source}")),
                Part::Text(_) | Part::Time(_) => {}
            }
        }
        Ok((template.resolve("", "")?, template.times))
    }

    /// At the directory in which the first time stands.
    fn split(mut parts: Vec<Part>, text: &str) -> Result<Self, Fault> {
        let Some(first) = parts.iter().position(|part| matches!(part, Part::Time(_))) else {
            let times = Times::default();
            return Ok(Self {
                above: parts,
                times,
            });
        };
        let unsplit = || Fault::TimeAbove {
            template: text.to_owned(),
        };
        let timed = parts.split_off(first);
        let Some(Part::Text(before)) = parts.pop() else {
            return Err(unsplit());
        };
        let (above, begin) = before.rsplit_once('/').ok_or_else(unsplit)?;
        parts.push(Part::Text(above.to_owned()));
        let timed = timed.into_iter().map(|part| match part {
            Part::Time(time) => Ok(time),
            Part::Text(text) => Ok(TimePart::Text(text)),
            Part::Host | Part::Source => Err(unsplit()),
        });
        let begin = std::iter::once(Ok(TimePart::Text(begin.to_owned())));
        let mut times: Vec<TimePart> = begin.chain(timed).collect::<Result<_, _>>()?;
        if let Some(TimePart::Text(last)) = times.last_mut()
            && last.ends_with('/')
        {
            last.pop();
        }
        let times = Times::new(times).ok_or_else(|| Fault::Path {
            reason: format!("the directories of times in `{text}` can't have such names"),
        })?;
        Ok(Self {
            above: parts,
            times,
        })
    }

    /// The directory of an archive, or of those of a pattern.
    pub fn resolve(&self, host: &str, source: &str) -> Result<LakePath, Fault> {
        let parts = self.above.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Host => host,
            Part::Source => source,
            Part::Time(_) => "",
        });
        let path: String = parts.collect();
        LakePath::parse(&path).map_err(|error| Fault::Path {
            reason: error.to_string(),
        })
    }

    /// The directories below an archive's.
    #[must_use]
    pub fn times(&self) -> &Times {
        &self.times
    }
}

/// A text stands before each escape, if it is an empty one.
fn parts(text: &str) -> Result<Vec<Part>, Fault> {
    let escape = |escape: &str| Fault::Escape {
        template: text.to_owned(),
        escape: escape.to_owned(),
    };
    let mut parts = Vec::new();
    let mut before = String::new();
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('%') {
        before.push_str(plain);
        let (part, after) = match after.chars().next() {
            Some('%') => {
                before.push('%');
                rest = &after[1..];
                continue;
            }
            Some('{') => {
                let (name, after) =
                    (after[1..].split_once('}')).ok_or_else(|| escape(&format!("%{after}")))?;
                let part = match name {
                    "host" => Part::Host,
                    "source" => Part::Source,
                    _ => return Err(escape(&format!("%{{{name}}}"))),
                };
                (part, after)
            }
            Some(letter) => {
                let time = TimePart::of(letter).ok_or_else(|| escape(&format!("%{letter}")))?;
                (Part::Time(time), &after[letter.len_utf8()..])
            }
            None => return Err(escape("%")),
        };
        parts.push(Part::Text(std::mem::take(&mut before)));
        parts.push(part);
        rest = after;
    }
    parts.push(Part::Text(before + rest));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn stands_for_the_host_and_the_source() {
        let template = Template::parse(Template::DEFAULT).unwrap();
        let path = template.resolve("till", "nginx").unwrap();
        assert_eq!(path.as_str(), "/user/flume/logs/till/nginx");
        let percent = Template::parse("/a%%b").unwrap();
        assert_eq!(percent.resolve("h", "s").unwrap().as_str(), "/a%b");
        assert_eq!(percent.times(), &Times::default());
    }

    #[test]
    fn times_stand_for_directories_below_the_archive() {
        let at: Timestamp = "2026-11-21T13:00:00Z".parse().unwrap();
        for (text, above, below) in [
            ("/logs/%{source}/%Y/%m/%d/%H", "/logs/shop", "2026/11/21/13"),
            (
                "/logs/%{source}/day=%Y-%m-%d/",
                "/logs/shop",
                "day=2026-11-21",
            ),
            ("/logs/50%%/%Y%%/raw", "/logs/50%", "2026%/raw"),
        ] {
            let template = Template::parse(text).unwrap();
            let path = template.resolve("till", "shop").unwrap();
            assert_eq!(path.as_str(), above, "{text}");
            let directory = template.times().directory(at).unwrap();
            assert_eq!(directory.to_string(), below, "{text}");
        }
        let (path, times) = Template::of_settings("/user/flume/logs/%Y/%m").unwrap();
        assert_eq!(path.as_str(), "/user/flume/logs");
        assert_eq!(times.directory(at).unwrap().to_string(), "2026/11");
    }

    #[test]
    fn what_it_does_not_know_is_refused_by_name() {
        for (text, escape) in [
            ("/logs/%Y/%M", "%M"),
            ("/logs/%é", "%é"),
            ("/logs/%{type}", "%{type}"),
            ("/logs/%", "%"),
        ] {
            let error = Template::parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("`{escape}`")), "{error}");
        }
        for text in ["logs/%{host}", "/%Y/logs", "/logs/%Y/_tmp", "/logs/%Y//%m"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
        for text in ["/logs/%Y/%{source}", "/logs/%{host}-%Y"] {
            let error = Template::parse(text).unwrap_err().to_string();
            assert!(error.contains("hint: "), "{error}");
        }
        let error = Template::of_settings("/logs/%{host}").unwrap_err();
        assert!(error.to_string().contains("`%{host}`"), "{error}");
    }
}
