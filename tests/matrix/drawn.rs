//! Chance that can be had again, and futures side by side.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Whether all pairs and a thousand sets are tried.
pub fn all_is_tried() -> bool {
    std::env::var("MATRIX").is_ok_and(|word| word == "all")
}

/// The seed of a test, from `MATRIX_SEED` or always the same; it is printed.
pub fn seed(what: &str) -> u64 {
    let seed = std::env::var("MATRIX_SEED").ok().map(|text| text.parse().expect("MATRIX_SEED is a number"));
    let seed = seed.unwrap_or(1);
    println!("{what}: MATRIX_SEED={seed}");
    seed
}

/// SplitMix64, written here once more.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound as u64).expect("it is below a usize")
    }
}

/// Waits for all of these, which go on side by side.
pub async fn together(futures: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut open: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = Vec::new();
    for future in futures {
        open.push(Box::pin(future));
    }
    std::future::poll_fn(move |context: &mut Context<'_>| {
        open.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if open.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
