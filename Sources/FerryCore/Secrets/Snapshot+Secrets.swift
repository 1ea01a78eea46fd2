extension Snapshot {
    /// What the name of a file says about secrets.
    ///
    /// - Parameter id: The file.
    /// - Returns: The verdict.
    public func secretVerdict(_ id: EntryID) -> SecretNames.Verdict {
        secretVerdict(id, named: name(of: id))
    }

    private func secretVerdict(_ id: EntryID, named name: ArraySlice<UInt8>) -> SecretNames.Verdict {
        SecretNames.verdict(on: name, in: parent(of: id).map { self.name(of: $0) } ?? [])
    }

    /// The verdict under which a file's content is looked at; nil where the name alone says that it is a secret.
    ///
    /// - Parameters:
    ///   - id: The file.
    ///   - name: Its name, where it is at hand.
    /// - Returns: The verdict.
    package func undecidedSecret(_ id: EntryID, named name: ArraySlice<UInt8>? = nil) -> SecretNames.Verdict? {
        let verdict = secretVerdict(id, named: name ?? self.name(of: id))
        if case .secret = verdict { return nil }
        return verdict
    }
}

extension Plan {
    /// The files whose content a push sends, each by the name in the plan, further names of one file included.
    package var sentFiles: [EntryID] {
        steps.compactMap { step in
            guard let id = step.source, [.create, .update, .changeKind].contains(step.action),
                source[id].kind == .file
            else { return nil }
            return id
        }
    }
}

extension Problem {
    /// A file that looks like a secret; its content is never told.
    package init(_ rule: SecretRule, at path: [UInt8]) {
        self.init(
            .secret, path: path,
            message: "it \(rule.sentence) (\(rule.rawValue)); exclude it if the sandbox is not to have it")
    }
}
