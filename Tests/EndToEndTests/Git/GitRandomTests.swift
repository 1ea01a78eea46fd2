import Foundation
import TestSupport
import Testing

@Suite("Random work with git on both sides")
struct GitRandomTests {
    /// What people and agents do, by number.
    private static let work = """
        work() {
          case $((RANDOM % 12)) in
            0 | 1) echo $RANDOM > f$((RANDOM % 5)); git add -A; git commit -qm c$RANDOM;;
            2) git status > /dev/null;;
            3) git gc -q --prune=now;;
            4) git switch -qc b$RANDOM;;
            5) git pack-refs --all;;
            6) echo $RANDOM > s$RANDOM; git add -A;;
            7) git stash -q;;
            8) git tag t$RANDOM;;
            9) git commit -q --amend -m a$RANDOM;;
            10) git repack -adq;;
            11) git reset -q --hard HEAD~1;;
          esac
        }
        """

    private static func script(_ seed: Int, most: Int) -> String {
        "\(work)\nRANDOM=\(seed); set +e; for n in $(seq $((RANDOM % \(most)))); do work > /dev/null 2>&1; done; true"
    }

    @Test("no reference of either side is lost, and every repository stays sound", arguments: GitWorld.Way.allCases)
    func nothingLost(way: GitWorld.Way) throws {
        for seed in 1...8 {
            let git = try GitWorld(way, setup: seed % 2 == 0 ? "git gc -q" : "")
            for round in 0..<2 {
                try git.remote(Self.script(seed * 100 + round, most: 5))
                try git.local(Self.script(seed * 100 + round + 50, most: 4))
                let names = "git for-each-ref --format='%(objectname) %(refname)'; git rev-parse HEAD"
                let (ours, theirs) = (try git.local(names), try git.remote(names))
                let run = try git.pull(["--allow", "mass-delete"], status: nil)
                #expect([0, 3].contains(run.status), "seed \(seed): \(run.errors)")
                try #expect(git.complaints() == "", "seed \(seed)")
                try git.local("git --no-optional-locks status")
                if run.errors.contains("conflict: .git/:") {
                    try #expect(git.local(names) == ours, "seed \(seed)")
                    try git.local(GitWorld.fetchCommand(in: run))
                    for line in theirs.split(separator: "\n") {
                        try git.local("git cat-file -e \(line.prefix(40))")
                    }
                    try git.local("git for-each-ref --format='delete %(refname)' refs/sandbox | git update-ref --stdin")
                } else {
                    let after = try git.local(names)
                    #expect(after == ours || after == theirs, "seed \(seed): \(after)")
                }
                try git.push(["--allow", "mass-delete"])
                #expect(try git.remote("git fsck 2>&1 | grep -v '^dangling\\|^notice' || true") == "", "seed \(seed)")
            }
        }
    }
}
