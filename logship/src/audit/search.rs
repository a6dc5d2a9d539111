//! Which lines a search shows, with the lines around them. Pure: lines go in one by one.

use std::collections::VecDeque;

/// How many lines are shown around each that is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    pub before: usize,
    pub after: usize,
}

/// A line that is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown<T> {
    Found(T),
    Around(T),
    /// Lines lie in between that are not shown.
    Break,
}

/// Keeps the last lines, in case the next one is found.
#[derive(Clone, Debug)]
pub struct Around<T> {
    context: Context,
    before: VecDeque<T>,
    after: usize,
    has_shown: bool,
    has_dropped: bool,
}

impl<T> Around<T> {
    pub fn new(context: Context) -> Self {
        Self {
            context,
            before: VecDeque::new(),
            after: 0,
            has_shown: false,
            has_dropped: false,
        }
    }

    /// The next line, and what is to be shown because of it.
    pub fn push(&mut self, line: T, is_found: bool) -> Vec<Shown<T>> {
        if is_found {
            let has_context = self.context != Context::default();
            let is_break = has_context && self.has_shown && self.has_dropped;
            let before = self.before.drain(..).map(Shown::Around);
            let shown = is_break.then_some(Shown::Break).into_iter().chain(before);
            let shown = shown.chain([Shown::Found(line)]).collect();
            self.after = self.context.after;
            self.has_shown = true;
            self.has_dropped = false;
            return shown;
        }
        if self.after > 0 {
            self.after -= 1;
            return vec![Shown::Around(line)];
        }
        self.before.push_back(line);
        if self.before.len() > self.context.before {
            self.before.pop_front();
            self.has_dropped = true;
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: usize, after: usize, found: &[u32]) -> String {
        let mut around = Around::new(Context { before, after });
        let shown = (0..10).flat_map(|line| around.push(line, found.contains(&line)));
        let text = shown.map(|shown| match shown {
            Shown::Found(line) => format!("[{line}]"),
            Shown::Around(line) => line.to_string(),
            Shown::Break => "--".to_owned(),
        });
        text.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn shows_what_grep_shows() {
        assert_eq!(shown(0, 0, &[1, 5]), "[1] [5]");
        assert_eq!(shown(1, 1, &[1, 5]), "0 [1] 2 -- 4 [5] 6");
        assert_eq!(shown(1, 1, &[1, 4]), "0 [1] 2 3 [4] 5");
        assert_eq!(shown(2, 0, &[1, 2]), "0 [1] [2]");
        assert_eq!(shown(0, 3, &[8]), "[8] 9");
    }
}
