//! What was read from texts, kept while a post is checked: its variants mostly share theirs.

/// Something kept for each text that was asked about.
pub(super) struct PerText<'a, T> {
    kept: Vec<(&'a str, T)>,
}

impl<'a, T> PerText<'a, T> {
    /// Enough for the variants of a post that differ; beyond, the oldest are read again.
    const MOST: usize = 16;

    pub(super) fn new() -> Self {
        Self { kept: Vec::new() }
    }

    /// Asks what is kept for `text`, made with `read` if it is new.
    pub(super) fn ask<R>(
        &mut self,
        text: &'a str,
        read: impl FnOnce(&'a str) -> T,
        ask: impl FnOnce(&T) -> R,
    ) -> R {
        if let Some((_, kept)) = self.kept.iter().find(|(known, _)| is_same(known, text)) {
            return ask(kept);
        }
        let new = read(text);
        let answer = ask(&new);
        if self.kept.len() >= Self::MOST {
            self.kept.clear();
        }
        self.kept.push((text, new));
        answer
    }
}

fn is_same(a: &str, b: &str) -> bool {
    std::ptr::eq(a, b) || a == b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once_and_answers_for_itself() {
        let texts: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let mut reads = 0;
        let mut kept = PerText::new();
        for text in texts.iter().flat_map(|text| [text, text]) {
            let length = kept.ask(
                text,
                |text| {
                    reads += 1;
                    text.to_owned()
                },
                |own| {
                    assert_eq!(own, text);
                    own.len()
                },
            );
            assert_eq!(length, text.len());
        }
        assert_eq!(reads, texts.len());
    }
}
