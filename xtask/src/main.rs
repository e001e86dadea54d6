//! Project tasks; `cargo xtask --help` lists them.

mod codegen;

use clap::Parser;

#[derive(Parser)]
enum Xtask {
    /// Generate code from the service models.
    Codegen(codegen::CodegenArgs),
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Xtask::parse() {
        Xtask::Codegen(args) => codegen::run(args),
    }
}
