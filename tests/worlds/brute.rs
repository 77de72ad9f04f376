//! What any order at all could reach, by the counts of the design and without the planner's code.

use std::collections::BTreeSet;

use super::world::{Account, Layout, Want};

/// One switch to be moved.
#[derive(Debug, Clone, Copy)]
struct Move {
    account: usize,
    service: usize,
}

/// The most claims that any order of all wished moves reaches without any module getting worse on the way.
/// A module's users are booked: a claim takes a seat for whoever held none, a release frees one only of an account
/// that surely counted.
pub fn claims_most(layout: &Layout, accounts: &[Account], seats: &[Option<u32>]) -> usize {
    let moves: Vec<Move> = (0..accounts.len())
        .flat_map(|account| (0..2).map(move |service| Move { account, service }))
        .filter(|m| matches!(accounts[m.account].wants[m.service], Want::Claim | Want::Release))
        .collect();
    let module = |service: usize| if layout.products.len() == 1 { 0 } else { service };
    let held = |made: u32, account: usize, of: usize| {
        (0..2).filter(|service| module(*service) == of).any(|service| {
            let moved = moves
                .iter()
                .enumerate()
                .any(|(index, m)| made >> index & 1 == 1 && m.account == account && m.service == service);
            accounts[account].wants[service].on() != moved
        })
    };
    let start: Vec<i64> = (0..layout.products.len())
        .map(|of| (0..accounts.len()).filter(|account| held(0, *account, of)).count())
        .map(|held| i64::try_from(held).unwrap_or(i64::MAX))
        .collect();

    // Every set of moves that can have been made, with the booked users of each module.
    let mut open = vec![(0u32, start)];
    let mut seen = BTreeSet::from([open[0].clone()]);
    let mut most = 0;
    while let Some((made, booked)) = open.pop() {
        let claims = moves.iter().enumerate().filter(|(index, m)| {
            made >> index & 1 == 1 && accounts[m.account].wants[m.service] == Want::Claim
        });
        most = most.max(claims.count());
        for (index, m) in moves.iter().enumerate() {
            if made >> index & 1 == 1 {
                continue;
            }
            let of = module(m.service);
            let after = made | 1 << index;
            let change = i64::from(held(after, m.account, of)) - i64::from(held(made, m.account, of));
            let claim = accounts[m.account].wants[m.service] == Want::Claim;
            let change = if change < 0 && !accounts[m.account].surely_counts() { 0 } else { change };
            let mut next = booked.clone();
            next[of] += change;
            let worse = match seats[of] {
                None => claim,
                Some(seats) => over(next[of], seats) > over(booked[of], seats),
            };
            if !worse && seen.insert((after, next.clone())) {
                open.push((after, next));
            }
        }
    }
    most
}

fn over(used: i64, seats: u32) -> i64 {
    (used - i64::from(seats)).max(0)
}
