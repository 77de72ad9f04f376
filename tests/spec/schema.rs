use icewarden::spec::schema;

const PATH: &str = "schemas/spec.schema.json";

#[test]
fn the_schema_in_the_repository_is_the_generated_one() {
    let mut generated = serde_json::to_string_pretty(&schema()).expect("a schema is JSON");
    generated.push('\n');
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(PATH, &generated).expect("the schema can be written");
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(written == generated, "{PATH} is not what the types say; run the tests with UPDATE=1");
}
