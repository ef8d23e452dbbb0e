//! The first start gives the whole product, and the second changes nothing.

use std::time::Instant;

use crate::harness::{Ports, Product};

#[tokio::test]
async fn the_first_start_gives_everything_and_the_second_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let ports = Ports::free();
    let product = Product::start(folder.path(), ports);
    assert_eq!(product.said("GraphiQL:"), format!("http://127.0.0.1:{}/graphiql", ports.server));
    assert!(product.said("Emulator:").starts_with(&format!("http://127.0.0.1:{}", ports.emulator)));
    let token = product.said("Token:");
    product.check_sample().await;
    for query in printed_queries(&product) {
        product.data(&query).await;
    }
    product.stop();

    let begun = Instant::now();
    let again = Product::start(folder.path(), ports);
    let took = begun.elapsed();
    assert!(took.as_secs() < 10, "a second start is quick, not {took:?}");
    assert_eq!(again.said("Token:"), token);
    again.check_sample().await;
    again.stop();
}

/// The queries between "Three queries" and "To sync again".
fn printed_queries(product: &Product) -> Vec<String> {
    let text = product.printed.join("\n");
    let (_, rest) = text.split_once("as tabs):").expect("queries are printed");
    let (queries, _) = rest.split_once("To sync again").expect("they end");
    let queries: Vec<_> = queries.split("\n# ").skip(1).map(|query| format!("# {query}")).collect();
    assert_eq!(queries.len(), 3);
    queries
}
