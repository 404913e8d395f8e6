//! Which file imports which. Comes in: arcs. Goes out: the rings among them, shortest first, until none is left.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Arcs from each file to those that it imports.
#[derive(Clone, Debug, Default)]
pub struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    pub fn add(&mut self, from: &str, to: &str) {
        if from != to {
            self.0.entry(from.into()).or_default().insert(to.into());
        }
    }

    fn remove(&mut self, from: &str, to: &str) {
        if let Some(targets) = self.0.get_mut(from) {
            targets.remove(to);
        }
    }

    /// Rings, each with its files in the order of their imports. The last import of each, back to its first file, is taken away
    /// before the next is looked for: without these imports there is no ring.
    pub fn rings(mut self) -> Vec<Vec<String>> {
        let mut rings = Vec::new();
        while let Some(mut ring) = self.shortest() {
            turn(&mut ring);
            self.remove(&ring[ring.len() - 1], &ring[0]);
            rings.push(ring);
        }
        rings
    }

    fn shortest(&self) -> Option<Vec<String>> {
        let arcs = self
            .0
            .iter()
            .flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)));
        arcs.filter_map(|(from, to)| self.way(to, from)).min_by_key(Vec::len)
    }

    /// The files on the shortest way between two, both included.
    fn way(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut before = BTreeMap::from([(from, from)]);
        let mut queue = VecDeque::from([from]);
        while let Some(here) = queue.pop_front() {
            if here == to {
                let mut way = vec![here.to_string()];
                let mut at = here;
                while at != from {
                    at = before[at];
                    way.push(at.to_string());
                }
                way.reverse();
                return Some(way);
            }
            for next in self.0.get(here).into_iter().flatten() {
                if !before.contains_key(next.as_str()) {
                    before.insert(next, here);
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

/// Turns a ring so that its last import is one of a parent by its child, where it has such: that is the one to be taken away.
fn turn(ring: &mut [String]) {
    let upwards = (0..ring.len()).find(|at| {
        let (child, parent) = (&ring[*at], &ring[(at + 1) % ring.len()]);
        ["mod.rs", "lib.rs", "main.rs"]
            .iter()
            .filter_map(|name| parent.strip_suffix(name))
            .any(|folder| child.starts_with(folder))
    });
    if let Some(at) = upwards {
        ring.rotate_left((at + 1) % ring.len());
    }
}
