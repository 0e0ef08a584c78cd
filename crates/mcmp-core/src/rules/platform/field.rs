//! Where in a post something stands; written out only when something is found there.

/// The post itself or a further part of its thread, and maybe one of its media.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) part: Option<usize>,
    pub(super) media: Option<usize>,
}

impl Place {
    pub(super) fn part(part: usize) -> Self {
        Self { part: Some(part), media: None }
    }

    pub(super) fn media(self, media: usize) -> Self {
        Self { media: Some(media), ..self }
    }

    /// The path of a field here; an empty name is the place itself.
    pub(super) fn field(self, name: &str) -> String {
        let mut path = String::new();
        if let Some(part) = self.part {
            path.push_str(&format!("thread[{part}]"));
        }
        if let Some(media) = self.media {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&format!("media[{media}]"));
        }
        if !path.is_empty() && !name.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_the_place() {
        let post = Place::default();
        assert_eq!(post.field("text"), "text");
        assert_eq!(post.media(2).field("alt_text"), "media[2].alt_text");
        assert_eq!(Place::part(1).field("text"), "thread[1].text");
        assert_eq!(Place::part(0).media(3).field(""), "thread[0].media[3]");
    }
}
