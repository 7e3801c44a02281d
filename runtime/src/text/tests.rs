extern crate std;
use std::{string::String, vec::Vec};

use super::*;

fn words(text: impl AsRef<[u8]>) -> Vec<String> {
    let mut words = Vec::new();
    for_each_word(text.as_ref(), |word| {
        words.push(String::from_utf8(word.to_vec()).expect("words are UTF-8"));
    });
    words
}

#[test]
fn runs_of_letters_and_digits_are_words_in_lower_case() {
    assert_eq!(
        words("The Film, from 1994: so-so."),
        ["the", "film", "from", "1994", "so", "so"]
    );
    assert_eq!(words("8/10"), ["8", "10"]);
}

#[test]
fn text_without_words_gives_none() {
    for text in [
        "",
        " ",
        "...",
        "'",
        "''",
        "<br />",
        "\u{feff}",
        "-- \u{2026} --",
    ] {
        assert!(words(text).is_empty(), "{text:?}");
    }
}

#[test]
fn apostrophes_stay_inside_words_only() {
    assert_eq!(
        words("don't 'quoted' rock'n'roll boys' it''s"),
        ["don't", "quoted", "rock'n'roll", "boys", "it", "s"]
    );
    for apostrophe in ["`", "\u{91}", "\u{92}", "\u{b4}", "\u{2018}", "\u{2019}"] {
        assert_eq!(
            words(std::format!("it{apostrophe}s")),
            ["it's"],
            "{apostrophe:?}"
        );
    }
}

#[test]
fn marks_are_words_of_their_own() {
    assert_eq!(words("what?! no"), ["what", "?", "!", "no"]);
    assert_eq!(words("!!a!"), ["!", "!", "a", "!"]);
    assert_eq!(words("don'!t"), ["don", "!", "t"]);
    assert_eq!(
        words("good\u{1f600}\u{2764}\u{fe0f}film"),
        ["good", "\u{1f600}", "\u{2764}", "film"]
    );
}

#[test]
fn tags_are_breaks_and_comparisons_are_not_tags() {
    assert_eq!(words("one<br /><br />two"), ["one", "two"]);
    assert_eq!(words("an <i>old</i> film"), ["an", "old", "film"]);
    assert_eq!(
        words("I <3 it, 5<6, a << b"),
        ["i", "3", "it", "5", "6", "a", "b"]
    );
    assert_eq!(words("cut <br"), ["cut"]);
    assert_eq!(words("<b <i>x"), ["x"]);
}

#[test]
fn a_tag_without_end_swallows_a_bounded_number_of_characters() {
    let skipped = "x".repeat(usize::from(TAG_CHARACTERS));
    assert_eq!(words(std::format!("a <{skipped}seen")), ["a", "seen"]);
}

#[test]
fn letters_beyond_ascii_are_kept_and_typographic_signs_are_breaks() {
    assert_eq!(words("Café naïve Élan"), ["café", "naïve", "Élan"]);
    assert_eq!(
        words("кино—映画。\u{a0}x\u{96}y\u{85}z"),
        ["кино", "映画", "x", "y", "z"]
    );
}

#[test]
fn bytes_that_are_not_utf8_are_breaks() {
    assert_eq!(words(b"ab\xffcd"), ["ab", "cd"]);
    assert_eq!(words(b"ab\x80\x80cd"), ["ab", "cd"]);
    assert_eq!(words(b"ab\xe2\x82cd"), ["ab", "cd"]); // cut sequence before a letter
    assert_eq!(words(b"ab\xe2\x82!cd"), ["ab", "!", "cd"]);
    assert_eq!(words(b"ab\xe2\xc3\xa9cd"), ["ab", "écd"]);
    assert_eq!(words(b"ab\xed\xa0\x80cd"), ["ab", "cd"]); // a surrogate
    assert_eq!(words(b"ab\xc0\xafcd"), ["ab", "cd"]); // overlong
    assert_eq!(words(b"it\xe2\x80\x99\xffs"), ["it", "s"]);
    assert_eq!(words(b"ab\xf0\x9f"), ["ab"]);
}

#[test]
fn a_long_word_is_cut_at_a_character() {
    assert_eq!(words("a".repeat(1000)), ["a".repeat(WORD_BYTES)]);
    for end in ["'b", "'é", "é"] {
        assert_eq!(words("a".repeat(31) + end), ["a".repeat(31)], "{end}");
    }
    assert_eq!(words("a".repeat(30) + "'b"), ["a".repeat(30) + "'b"]);
    let odd = std::format!("a{}b next", "é".repeat(40));
    assert_eq!(
        words(odd),
        [std::format!("a{}", "é".repeat(15)).as_str(), "next"]
    );
}

/// Every byte sequence has an answer that keeps the promises of `push`, and what
/// was pushed before `finish` does not change the next text.
#[test]
fn any_bytes_give_words_within_the_promises() {
    let mut seed = 1_u32;
    let mut splitter = Splitter::new();
    let alphabet = b"aZ9'!<>/ \x80\xbf\xc3\xa9\xe2\x80\x99\xf0\x9f\x98\x80\xff";
    for _ in 0..20_000 {
        let mut text = Vec::new();
        for _ in 0..(seed >> 27) {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push(alphabet[(seed >> 8) as usize % alphabet.len()]);
        }
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut streamed: Vec<String> = Vec::new();
        for &byte in &text {
            streamed.extend(
                splitter
                    .push(byte)
                    .map(|w| String::from_utf8(w.to_vec()).unwrap()),
            );
        }
        streamed.extend(
            splitter
                .finish()
                .map(|w| String::from_utf8(w.to_vec()).unwrap()),
        );
        assert_eq!(streamed, words(&text), "{text:?}");
        assert!(
            streamed
                .iter()
                .all(|word| !word.is_empty() && word.len() <= WORD_BYTES)
        );
        // A word is its own splitting: folding twice changes nothing.
        assert!(
            streamed.iter().all(|word| words(word) == [word.as_str()]),
            "{text:?}"
        );
    }
}
