//! Enters: a number of stars. Leaves: its class, or nothing for one that is left out.
//! Next: `yelp` and `amazon` label reviews by it.

/// What is told apart of 1 to 5 stars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stars {
    /// 1 and 2 against 4 and 5; 3 is left out.
    Polarity,
    /// Every number by itself.
    Five,
}

impl Stars {
    /// Names of the classes.
    pub fn classes(self) -> Vec<String> {
        match self {
            Stars::Polarity => ["negative", "positive"].map(String::from).into(),
            Stars::Five => (1..=5).map(|stars: u8| stars.to_string()).collect(),
        }
    }

    /// The class of a number as it is written, `4` or `4.0`; `None` if it is left out.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn label(self, written: &str) -> Result<Option<u8>, String> {
        let stars = match written.trim().parse::<f64>() {
            Ok(stars) if [1.0, 2.0, 3.0, 4.0, 5.0].contains(&stars) => stars as u8,
            _ => {
                return Err(format!(
                    "`{written}` stars; expected 1 to 5; correct or remove the row"
                ));
            }
        };
        Ok(match self {
            Stars::Polarity if stars == 3 => None,
            Stars::Polarity => Some((stars > 3).into()),
            Stars::Five => Some(stars - 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_classes_however_they_are_written() {
        let labels =
            |stars: Stars| ["1", "2.0", "3", "4.0", " 5 "].map(|s| stars.label(s).unwrap());
        assert_eq!(
            labels(Stars::Polarity),
            [Some(0), Some(0), None, Some(1), Some(1)]
        );
        assert_eq!(labels(Stars::Five), [0, 1, 2, 3, 4].map(Some));
        for wrong in ["", "0", "6", "3.5", "NaN", "five", "-1"] {
            let error = Stars::Five.label(wrong).unwrap_err();
            assert!(
                error.contains(&format!("`{wrong}` stars; expected 1 to 5")),
                "{error}"
            );
        }
    }
}
