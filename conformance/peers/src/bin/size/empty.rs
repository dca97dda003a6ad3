//! The smallest of the programs: what a library adds is compared with it.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", std::io::read_to_string(std::io::stdin())?.len());
    Ok(())
}
