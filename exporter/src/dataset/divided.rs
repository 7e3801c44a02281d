//! Enters: a [`Collection`], a data set without an official split. Leaves: [`Divided`], the
//! same documents as a [`Corpus`] of two parts. Next: `load`, which holds back validation.
//!
//! Equal documents make a group, found by a hash of their words, or of their samples. The
//! groups, in the order of their hashes, are shuffled by the seed, and the last of each class
//! are the test part; documents without a class are divided as one class. What is divided is the content alone: neither the packing nor the
//! order of the rows changes the sides. Only hashes and labels are kept in memory, never the
//! documents: they are read once to divide and once more to be handed out.

use std::collections::HashMap;
use std::path::Path;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use set_lstm_runtime::text::for_each_word;
use set_lstm_runtime::wire::Task;

use super::split::{Member, last_of_each_class};
use super::{Content, Corpus, Document, Medium, Split};
use crate::error::{Error, Result};
use crate::fnv;
use crate::target::Target;

/// A labelled data set in one part.
pub trait Collection {
    /// The file that holds it, for messages.
    fn path(&self) -> &Path;

    /// Names of the classes; none of a regression.
    fn classes(&self) -> Vec<String>;

    /// What the documents are to be answered with.
    fn task(&self) -> Task {
        Task::CLASSIFICATION
    }

    /// Names of the numbers of a regression.
    fn outputs(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the documents are.
    fn medium(&self) -> Medium {
        Medium::Text
    }

    /// Calls `visit` with every document, in the same order every time.
    ///
    /// # Errors
    ///
    /// What cannot be read, or does not have the form of the set, and whatever `visit`
    /// returns.
    fn for_each(&self, visit: &mut dyn FnMut(Example<'_>) -> Result<()>) -> Result<()>;
}

/// One document of a [`Collection`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Example<'a> {
    /// What it is to be answered with.
    pub target: Target<'a>,
    /// What it says.
    pub content: Content<'a>,
    /// The part of the content that makes two examples equal: mostly all of it.
    pub identity: Content<'a>,
}

/// How a data set is divided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Division {
    /// Part of each class that is for the test: 0 to less than 1.
    pub test_fraction: f64,
    /// Seed of the shuffle, another one than that of the training.
    pub seed: u64,
}

impl Default for Division {
    fn default() -> Self {
        Division {
            test_fraction: 0.2,
            seed: 1,
        }
    }
}

impl Division {
    /// Refuses a fraction out of range.
    ///
    /// # Errors
    /// [`Error::Options`] that says what to choose.
    pub fn check(&self) -> Result<()> {
        let fraction = self.test_fraction;
        if (0.0..1.0).contains(&fraction) {
            return Ok(());
        }
        let problem = format!("test-fraction is {fraction}; choose 0 or more and less than 1");
        Err(Error::Options(problem))
    }
}

/// A collection in two parts.
#[derive(Debug, Clone)]
pub struct Divided<C> {
    collection: C,
    places: Vec<Place>, // [documents], in the order of the source
}

/// Where a document went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) member: Member,
    pub(super) order: u64,
    pub(super) is_test: bool,
}

impl<C: Collection> Divided<C> {
    /// Reads the collection and divides it.
    ///
    /// # Errors
    ///
    /// [`Error::Options`] for a fraction out of range, [`Error::Data`] for a class without
    /// documents, and what [`Collection::for_each`] returns.
    pub fn new(collection: C, division: Division) -> Result<Self> {
        division.check()?;
        let Division {
            test_fraction,
            seed,
        } = division;
        let mut members = Vec::new();
        collection.for_each(&mut |example| {
            members.push(Member {
                label: Member::label_of(example.target),
                group: fingerprint(example.identity),
            });
            Ok(())
        })?;
        let classes = match collection.task() {
            Task::CLASSIFICATION => collection.classes(),
            _ => Vec::new(), // divided as one class
        };
        for (label, class) in classes.iter().enumerate() {
            if members
                .iter()
                .all(|member| usize::from(member.label) != label)
            {
                let problem = format!("no documents of the class {class}; give the whole set");
                return Err(Error::data(collection.path(), problem));
            }
        }
        let places = divide(&members, test_fraction, seed);
        Ok(Divided { collection, places })
    }
}

/// The places of examples that stand in the order of the source.
pub(super) fn divide(members: &[Member], test_fraction: f64, seed: u64) -> Vec<Place> {
    let mut groups: Vec<u64> = members.iter().map(|member| member.group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let rank: HashMap<u64, usize> = groups.into_iter().zip(0..).collect();

    let mut shuffled: Vec<usize> = (0..members.len()).collect();
    shuffled.sort_by_key(|&index| (members[index].label, rank[&members[index].group]));
    let sorted: Vec<Member> = shuffled.iter().map(|&index| members[index]).collect();
    let is_test = last_of_each_class(&sorted, test_fraction);

    let mut places: Vec<Place> = members
        .iter()
        .map(|&member| Place {
            member,
            order: 0,
            is_test: false,
        })
        .collect();
    for (order, (index, is_test)) in shuffled.into_iter().zip(is_test).enumerate() {
        places[index].order = order as u64;
        places[index].is_test = is_test;
    }
    places
}

/// FNV-1a of the words with a mark after each, or of the samples' bytes.
pub(super) fn fingerprint(content: Content<'_>) -> u64 {
    let mut hash = fnv::START;
    let mut add = |bytes: &[u8]| hash = fnv::add_bytes(hash, bytes);
    match content {
        Content::Text(text) => for_each_word(text.as_bytes(), |word| {
            add(word);
            add(&[0xff]); // occurs in no UTF-8
        }),
        Content::Series(samples) => samples.iter().for_each(|x| add(&x.to_le_bytes())),
    }
    hash
}

impl<C: Collection> Corpus for Divided<C> {
    fn classes(&self) -> Vec<String> {
        self.collection.classes()
    }

    fn task(&self) -> Task {
        self.collection.task()
    }

    fn outputs(&self) -> Vec<String> {
        self.collection.outputs()
    }

    fn medium(&self) -> Medium {
        self.collection.medium()
    }

    fn for_each(
        &self,
        split: Split,
        visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
    ) -> Result<()> {
        let changed = || {
            let problem = "the data changed while it was read; run the command again";
            Error::data(self.collection.path(), problem)
        };
        let mut places = self.places.iter();
        self.collection.for_each(&mut |example| {
            let place = places.next().ok_or_else(changed)?;
            let Member { label, group } = place.member;
            let found = Member::label_of(example.target);
            if (label, group) != (found, fingerprint(example.identity)) {
                return Err(changed());
            }
            if place.is_test != (split == Split::Test) {
                return Ok(());
            }
            visit(Document {
                target: example.target,
                order: place.order,
                group,
                content: example.content,
            })
        })?;
        match places.next() {
            None => Ok(()),
            Some(_) => Err(changed()),
        }
    }
}

#[cfg(test)]
mod tests;
