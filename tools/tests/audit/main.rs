//! The real `modulatio-audit` over healthy and damaged journals.

mod compare;
mod damage;
mod sample;
mod views;
