//! What is done to a world from outside, past the interface: by tests, by rehearsals, and by `icewarden sandbox`.

use super::faults::Fault;
use super::world::World;

impl World {
    /// Sets a fault. It strikes from now on, and faults that strike at the same call all do.
    pub fn add_fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }
}
