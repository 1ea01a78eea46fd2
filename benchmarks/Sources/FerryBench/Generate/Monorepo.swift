extension TreeWriter {
    /// A repository with its history: packs, loose objects that nobody may write, hooks, refs, and sources of all sizes.
    func writeMonorepo(files wanted: Int, scale: Double) throws {
        try file("README.md", 9000)
        try file(".gitignore", 400)
        try file("package-lock.json", 900_000)
        try writeHistory(scale: scale)
        let folders = monorepoFolders(scale: scale)
        let extensions = [
            ".ts", ".ts", ".tsx", ".go", ".py", ".rs", ".swift", ".json", ".yaml", ".md", ".css", ".proto",
        ]
        var index = 0
        while files < wanted {
            index += 1
            let folder = folders[random.below(folders.count)]
            switch random.below(1000) {
            case ..<3:
                let size = random.logNormal(median: 250_000, sigma: 1.2, cap: 16 << 20)
                try file("\(folder)/asset\(index).bin", size, .noise)
            case ..<20:
                let size = random.logNormal(median: 700, sigma: 0.7, cap: 20_000)
                try file("\(folder)/run\(index).sh", size, mode: 0o755)
            case ..<26:
                try file("\(folder)/\(String(repeating: "long-name-", count: 14))\(index).txt", 500)
            default:
                let syllables = 1 + random.below(3)
                let leaf = random.word(syllables) + String(index) + extensions[random.below(extensions.count)]
                try file("\(folder)/\(leaf)", random.logNormal(median: 2600, sigma: 1.5, cap: 4 << 20))
            }
            if random.below(400) == 0 {
                let up = String(repeating: "../", count: 1 + random.below(3))
                try link("\(folder)/link\(index)", to: up + random.word(2))
            }
        }
        try directory("packages/empty-dir")
    }

    private func writeHistory(scale: Double) throws {
        for mebibytes in [160.0, 48, 6] {
            let size = Int(mebibytes * scale * 1_048_576) + random.below(4096)
            let name = ".git/objects/pack/pack-" + objectName()
            try file(name + ".pack", size, mode: 0o444, .noise)
            try file(name + ".idx", size / 24 + 1100, mode: 0o444, .noise)
        }
        for _ in 0..<max(8, Int(2500 * scale)) {
            let name = objectName()
            let size = random.logNormal(median: 420, sigma: 1.1, cap: 300_000)
            try file(".git/objects/\(name.prefix(2))/\(name.dropFirst(2))", size, mode: 0o444, .noise)
        }
        for hook in ["pre-commit", "commit-msg", "pre-push"] {
            try file(".git/hooks/" + hook, 1200, mode: 0o755)
        }
        try file(".git/HEAD", 21)
        try file(".git/config", 300)
        try file(".git/index", Int(3_000_000 * scale) + 32, .noise)
        try file(".git/packed-refs", 20_000)
        for index in 0..<60 {
            try file(".git/refs/heads/topic/\(random.word(2))-\(index)", 41)
        }
    }

    private func objectName() -> String {
        (0..<3).map { _ in
            let digits = String(random.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined().prefix(40).lowercased()
    }

    private func monorepoFolders(scale: Double) -> [String] {
        var folders: [String] = []
        for index in 0..<max(2, Int(60 * scale)) {
            let top = ["apps/", "packages/", "services/", "libs/"][random.below(4)]
            folders.append(top + random.word(2) + String(index))
            for _ in 0..<(6 + random.below(50)) {
                let base = folders[folders.count - 1 - random.below(min(12, folders.count))]
                if base.split(separator: "/").count < 12 {
                    let syllables = 1 + random.below(3)
                    folders.append(base + "/" + random.word(syllables))
                }
            }
        }
        return folders + ["packages/caf\u{e9}/\u{6771}\u{4eac}/na\u{ef}ve dir"]
    }
}
