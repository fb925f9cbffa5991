//! Where something is in a value, as an error names it.

/// One step from an object to what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nothing in the object: the object itself.
    None,
    Element(u32),
    Member(String),
    /// A key of a `Map`.
    Key,
    /// A member of a collection.
    Value,
}

/// The most steps that a text names.
const MOST: usize = 16;

/// `it`, or `it.list[2]`. The middle of a long path is left out.
pub fn text(places: impl ExactSizeIterator<Item = Place>) -> String {
    let mut text = "it".to_owned();
    let count = places.len();
    for (at, place) in places.enumerate() {
        if count > MOST && at >= MOST / 2 && at < count - MOST / 2 {
            if at == MOST / 2 {
                text.push_str(" … ");
            }
            continue;
        }
        match place {
            Place::None => {}
            Place::Element(index) => text.push_str(&format!("[{index}]")),
            Place::Member(name) if is_short_identifier(&name) => text.push_str(&format!(".{name}")),
            Place::Member(name) => {
                let short: String = name.chars().take(40).collect();
                text.push_str(&format!("[{short:?}]"));
            }
            Place::Key => text.push_str(" (a Map): a key"),
            Place::Value => text.push_str(" (a collection): a member"),
        }
    }
    text
}

fn is_short_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    name.len() <= 40
        && letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || first == '$')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_each_step() {
        let places = vec![Place::Member("list".into()), Place::Element(2), Place::Member("a b".into())];
        assert_eq!(text(places.into_iter()), "it.list[2][\"a b\"]");
    }

    #[test]
    fn a_long_path_is_shortened() {
        assert!(text(vec![Place::Element(1); 10_000].into_iter()).len() < 100);
    }
}
