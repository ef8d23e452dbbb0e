//! The program as its users start it: a process of its own, killed and started again.

mod cut_off;
mod first_start;
mod harness;
mod in_the_way;
mod kill;
mod operations;
