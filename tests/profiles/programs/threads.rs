// Reads lines, counts in threads, sends over channels, catches a panic.
use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::sync::{mpsc, Arc, Mutex};
use std::thread;

fn main() {
    let lines: Vec<String> = io::stdin().lock().lines().map(|line| line.unwrap()).collect();
    let counts = Arc::new(Mutex::new(HashMap::new()));
    let (sender, receiver) = mpsc::channel();
    let threads: Vec<_> = lines
        .into_iter()
        .map(|line| {
            let (counts, sender) = (counts.clone(), sender.clone());
            thread::spawn(move || {
                for word in line.split_whitespace() {
                    *counts.lock().unwrap().entry(word.to_string()).or_insert(0) += 1;
                }
                sender.send(line.len()).unwrap();
            })
        })
        .collect();
    drop(sender);
    for thread in threads {
        thread.join().unwrap();
    }
    let caught = std::panic::catch_unwind(|| panic!("caught"));
    let mut words: Vec<_> = counts.lock().unwrap().clone().into_iter().collect();
    words.sort();
    let available = thread::available_parallelism().unwrap().get();
    writeln!(io::stdout(), "{:?} {} {} {}", words, receiver.iter().sum::<usize>(), caught.is_err(), available > 0).unwrap();
}
