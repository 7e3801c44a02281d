//! Enters: a text with places such as `@NAME@`, and what stands there. Leaves: the text. Next:
//! `mod` writes it as a file of the new project.

/// A place and what stands there.
#[derive(Debug, Clone)]
pub(super) struct Place {
    name: &'static str,
    text: String,
}

impl Place {
    /// A place by its name, without the signs around it.
    pub fn new(name: &'static str, text: impl ToString) -> Self {
        Place {
            name,
            text: text.to_string(),
        }
    }
}

/// The text with all known places filled. What is filled in is not looked at again.
pub(super) fn fill(template: &str, places: &[Place]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('@') {
        text.push_str(before);
        let found = after.split_once('@').and_then(|(name, after)| {
            let place = places.iter().find(|place| place.name == name)?;
            Some((place, after))
        });
        match found {
            Some((place, after)) => {
                text.push_str(&place.text);
                rest = after;
            }
            None => {
                text.push('@');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_places_are_filled_once_and_all_else_stays() {
        let places = [Place::new("A", "@B@"), Place::new("B", 7)];
        assert_eq!(fill("@A@ and @B@", &places), "@B@ and 7");
        assert_eq!(fill("a@b, @C@@B@@", &places), "a@b, @C@7@");
        assert_eq!(fill("", &places), "");
    }
}
