//! Smartphone recordings as a logger writes them, trained on and packed without any code.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::Path;

use set_lstm::dataset::hapt::CLASSES;
use tempfile::TempDir;

use crate::program::{printed, set_lstm};
use crate::sensors::data;

/// The smartphone recordings of some users as one table, and how many rows of each class it has.
fn phones(folder: &Path, archive: &Path, users: std::ops::RangeInclusive<u32>) -> usize {
    let file = fs::File::open(archive).unwrap();
    let mut tar = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let user = name
            .strip_suffix(".txt")
            .and_then(|it| it.split_once("_user"));
        let user: Option<u32> = user.and_then(|it| it.1.parse().ok());
        if name == "labels.txt" || user.is_some_and(|user| users.contains(&user)) {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            files.insert(name, text);
        }
    }
    let mut table = "time,ax,ay,az,gx,gy,gz,activity,user,recording\n".to_owned();
    let mut rows = 0;
    for (name, acceleration) in files.iter().filter(|it| it.0.starts_with("acc_")) {
        let place = name
            .strip_prefix("acc_exp")
            .unwrap()
            .strip_suffix(".txt")
            .unwrap();
        let (experiment, user) = place.split_once("_user").unwrap();
        let turning = &files[&name.replace("acc_", "gyro_")];
        let stretches: Vec<Vec<usize>> = files["labels.txt"]
            .lines()
            .map(|row| {
                row.split_whitespace()
                    .map(|it| it.parse().unwrap())
                    .collect()
            })
            .filter(|it: &Vec<usize>| it[0] == experiment.parse::<usize>().unwrap())
            .collect();
        for (step, (a, g)) in (1..).zip(acceleration.lines().zip(turning.lines())) {
            let of = stretches.iter().find(|it| (it[3]..=it[4]).contains(&step));
            let name = of.and_then(|it| CLASSES.get(it[2] - 1)).unwrap_or(&"");
            let [a, g] = [a, g].map(|axes| axes.split_whitespace().collect::<Vec<_>>().join(","));
            let time = f64::from(step as u32) / 50.0;
            writeln!(table, "{time:.2},{a},{g},{name},{user},{experiment}").unwrap();
            rows += 1;
        }
    }
    fs::write(folder.join("phones.csv"), table).unwrap();
    rows
}

const PHONES: &str = "--preset samples --label-column activity --group-column user \
    --recording-column recording --sample-columns ax..gz --window 128";

#[test]
fn phones_as_a_logger_writes_them_are_trained_on_and_packed_without_code() {
    let Some(path) = data("a table of smartphone recordings", "hapt/HAPT.tar.zst") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let rows = phones(folder.path(), &path.join("hapt/HAPT.tar.zst"), 1..=8);
    assert!(rows > 100_000, "{rows} rows");
    let [csv, run, model] = ["phones.csv", "run", "phones.setl"].map(|it| folder.path().join(it));
    let train = format!("train {PHONES} --epochs 3 --data @ --out @ --json");
    let trained = printed(set_lstm!(&train, &csv, &run));
    let options = fs::read_to_string(run.join("options.toml")).unwrap();
    for kept in [
        "window = 128",
        "group-column = \"user\"",
        "label-column = \"activity\"",
    ] {
        assert!(options.contains(kept), "{options}");
    }
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let accuracy = |text: &str| json(text)["accuracy"].as_f64().unwrap();
    let in_f32 = accuracy(&printed(set_lstm!("evaluate @ --json", &run)));
    printed(set_lstm!("export @ --out @", &run, &model));
    let words = format!("evaluate @ {PHONES} --data @ --json");
    let in_int8 = accuracy(&printed(set_lstm!(&words, &model, &csv)));
    eprintln!("{trained}{rows} rows: {in_f32:.4} in f32, {in_int8:.4} in int8");
    assert!(in_f32 > 0.6 && in_int8 > 0.6, "{in_f32} {in_int8}");
}
