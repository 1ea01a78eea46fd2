import Foundation
import TestSupport
import Testing

/// Judges documents by the published JSON Schemas, with Python's `jsonschema`.
enum SchemaValidator {
    /// One document, and which part of which schema it should fit.
    struct Document {
        /// `request`, `event` or `result`.
        var schema: String
        /// A definition of the schema; nil: all of it.
        var definition: String?
        var text: String
    }

    static let documentation = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/FerryEngine/Documentation.docc")

    /// Validates documents.
    ///
    /// - Returns: What is wrong with each; empty where nothing is.
    static func problems(of documents: [Document]) throws -> [String] {
        let script = """
            import json, sys
            from jsonschema import Draft202012Validator
            validators = {}
            for line in sys.stdin:
                schema, definition, text = json.loads(line)
                if (schema, definition) not in validators:
                    with open(f"{sys.argv[1]}/Resources/runtime-{schema}-1.schema.json") as file:
                        whole = json.load(file)
                    Draft202012Validator.check_schema(whole)
                    if definition:
                        whole = {"$ref": f"#/$defs/{definition}", "$defs": whole["$defs"]}
                    validators[schema, definition] = Draft202012Validator(whole)
                errors = validators[schema, definition].iter_errors(json.loads(text))
                print(json.dumps("; ".join(f"{error.json_path}: {error.message}" for error in errors)))
            """
        let input = try documents.map { document -> Data in
            let fields: [Any] = [document.schema, document.definition ?? NSNull(), document.text]
            return try JSONSerialization.data(withJSONObject: fields) + Data("\n".utf8)
        }
        let result = try Tool.run(
            "/usr/bin/env", ["python3", "-W", "ignore", "-c", script, documentation.path],
            input: Array(input.reduce(Data(), +)))
        try #require(result.status == 0, "\(result.errors); scripts/setup.sh --tests installs python3-jsonschema")
        return try result.text.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed) as? String ?? "no text"
        }
    }

    /// Expects that all lines of an output fit.
    static func expectValid(
        _ outcome: RuntimeOutcome, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let lines = outcome.text.split(separator: "\n").map(String.init)
        let documents = zip(lines, outcome.lines).map { text, line in
            Document(schema: line["event"] as? String == "result" ? "result" : "event", text: text)
        }
        for (problem, line) in zip(try problems(of: documents), lines) {
            #expect(problem.isEmpty, "\(problem) in \(line)", sourceLocation: sourceLocation)
        }
    }
}
