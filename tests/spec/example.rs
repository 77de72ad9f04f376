use icewarden::spec::{Source, parse};

#[test]
fn the_example_is_valid() {
    let sources: Vec<Source> = ["backup", "license", "policies", "server"]
        .iter()
        .map(|name| {
            let name = format!("examples/demo/{name}.yaml");
            let text = std::fs::read_to_string(&name).expect("the example is there");
            Source { name: name.into(), text: text.into() }
        })
        .collect();
    match parse(&sources) {
        Ok(spec) => assert_eq!(spec.servers.len(), 1, "{spec:#?}"),
        Err(findings) => panic!("{findings:#?}"),
    }
}
