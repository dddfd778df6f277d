//! Feeds each target with its corpus and with what is made of it, for a while. Ends with an error at the first panic.

use std::{
    error::Error,
    fs,
    io::Write as _,
    panic::catch_unwind,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use atg_fuzzing::{Mutator, TARGETS, Target, target};

const USAGE: &str = "usage: atg-fuzz [--target NAME] [--seconds N] [--seed N] [--corpus DIRECTORY] | atg-fuzz --target NAME FILE…";
/// Nothing that is read here takes longer, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(20);

struct Arguments {
    targets: Vec<Target>,
    time: Duration,
    seed: u64,
    corpus: PathBuf,
    /// Inputs to run once instead.
    files: Vec<PathBuf>,
}

#[expect(clippy::print_stderr, reason = "a binary's words for people")]
fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut arguments = Arguments {
        targets: TARGETS.to_vec(),
        time: Duration::from_secs(20),
        seed: 1,
        corpus: root.join("../../fuzz/corpus"),
        files: Vec::new(),
    };
    while let Some(word) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
        match word.as_str() {
            "--target" => {
                let name = value()?;
                arguments.targets = vec![target(&name).ok_or_else(|| format!("{name} is no target"))?];
            }
            "--seconds" => arguments.time = Duration::from_secs(number(value()?)?),
            "--seed" => arguments.seed = number(value()?)?,
            "--corpus" => arguments.corpus = value()?.into(),
            flag if flag.starts_with("--") => return Err(format!("{flag} is no option")),
            file => arguments.files.push(file.into()),
        }
    }
    if !arguments.files.is_empty() && arguments.targets.len() != 1 {
        return Err("for which target are the files?".to_owned());
    }
    Ok(arguments)
}

#[expect(clippy::print_stdout, reason = "what was done is what the run is for")]
fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    for target in &arguments.targets {
        if !arguments.files.is_empty() {
            for file in &arguments.files {
                (target.run)(&fs::read(file)?);
            }
            continue;
        }
        let corpus = read(&arguments.corpus.join(target.name))?;
        if corpus.is_empty() {
            return Err(format!(
                "there is no corpus for {} in {}",
                target.name,
                arguments.corpus.display()
            )
            .into());
        }
        let started = Instant::now();
        let inputs = feed(target, &corpus, arguments)?;
        println!(
            "{}: {inputs} inputs in {} s",
            target.name,
            started.elapsed().as_secs()
        );
    }
    Ok(())
}

/// The corpus first, then what chance makes of it. The input that is being read lies in a file, since not every end of a
/// process can be caught.
fn feed(target: &Target, corpus: &[Vec<u8>], arguments: &Arguments) -> Result<u64, Box<dyn Error>> {
    let last = std::env::temp_dir().join(format!("atg-fuzz-{}-{}", target.name, std::process::id()));
    let mut mutator = Mutator::new(arguments.seed, target.words);
    let mut file = fs::File::create(&last)?;
    let started = Instant::now();
    let mut inputs = 0;
    let mut seeds = corpus.iter();
    loop {
        let input = match seeds.next() {
            Some(seed) => seed.clone(),
            None if started.elapsed() >= arguments.time => break,
            None => mutator.input(corpus),
        };
        std::io::Seek::rewind(&mut file)?;
        file.set_len(0)?;
        file.write_all(&input)?;
        let began = Instant::now();
        let run = target.run;
        if catch_unwind(move || run(&input)).is_err() {
            return Err(format!("{} does not bear the input in {}", target.name, last.display()).into());
        }
        if began.elapsed() > LONGEST {
            return Err(format!(
                "{} took {} s for the input in {}",
                target.name,
                began.elapsed().as_secs(),
                last.display()
            )
            .into());
        }
        inputs += 1;
    }
    fs::remove_file(&last)?;
    Ok(inputs)
}

/// In the order of their names, so that a seed always means the same inputs.
fn read(directory: &Path) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut files: Vec<_> = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    Ok(files.iter().map(fs::read).collect::<Result<_, _>>()?)
}
