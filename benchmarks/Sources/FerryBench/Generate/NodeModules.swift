extension TreeWriter {
    /// Packages as npm lays them out: scoped and nested ones, links in `.bin`, scripts that may be executed.
    func writeNodeModules(files wanted: Int) throws {
        let extensions = [
            ".js", ".js", ".js", ".js", ".d.ts", ".d.ts", ".js.map", ".mjs", ".cjs", ".json", ".ts", ".md",
        ]
        let layout = ["lib", "dist", "dist/esm", "dist/cjs", "src", "types"]
        var bases = ["node_modules"]
        var commands: Set<String> = []
        while files < wanted {
            let syllables = 2 + random.below(2)
            let short = random.word(syllables) + "-" + random.word(1)
            let name = random.below(5) == 0 ? "@" + random.word(2) + "/" + short : short
            let base = random.below(4) == 0 ? bases[random.below(bases.count)] : bases[0]
            let package = base + "/" + name
            if hasDirectory(package) { continue }
            try directory(package)
            if base.split(separator: "/").count(where: { $0 == "node_modules" }) < 4, random.below(8) == 0 {
                bases.append(package + "/node_modules")
            }
            try file(package + "/package.json", random.logNormal(median: 1400, sigma: 0.4, cap: 20_000))
            try file(package + "/README.md", random.logNormal(median: 3000, sigma: 0.9, cap: 200_000))
            try file(package + "/LICENSE", 1064 + random.below(80))
            if random.below(6) == 0 {
                let size = random.logNormal(median: 900, sigma: 0.8, cap: 60_000)
                try file(package + "/bin/cli.js", size, mode: 0o755)
                if commands.insert(base + "/.bin/" + short).inserted {
                    try link(base + "/.bin/" + short, to: "../" + name + "/bin/cli.js")
                }
            }
            let count = random.logNormal(median: 26, sigma: 1.2, cap: 2500)
            var folders = layout[..<(1 + random.below(6))].map { package + "/" + $0 }
            for _ in 0..<random.below(4) {
                folders.append(folders[random.below(folders.count)] + "/" + random.word(2))
            }
            for index in 0..<count where files < wanted {
                let folder = folders[random.below(folders.count)]
                let syllables = 1 + random.below(3)
                let leaf = random.word(syllables) + String(index) + extensions[random.below(extensions.count)]
                try file(folder + "/" + leaf, random.logNormal(median: 1500, sigma: 1.5, cap: 2 << 20))
            }
        }
    }
}
