/// How much faster than a peer Ferry has to be, as the peer's time divided by Ferry's.
struct Goal: Codable, Sendable {
    /// The peer's name in the row.
    var peer: String
    /// Below this the row has missed its goal.
    var must: Double
    /// What is aimed at.
    var aim: Double
    /// The bound in the words in which it was set.
    var text: String

    /// At least `must` times as fast as the peer.
    static func faster(than peer: String, must: Double, aim: Double) -> Goal {
        Goal(peer: peer, must: must, aim: aim, text: "≥ \(must)× (aim \(aim)×)")
    }

    /// At most the fraction `must` of the peer's time.
    static func time(of peer: String, must: Double, aim: Double) -> Goal {
        Goal(peer: peer, must: 1 / must, aim: 1 / aim, text: "≤ \(must)× its time (aim \(aim)×)")
    }
}

/// The bounds of Ferry's anonymous memory: a fixed part and a part for each entry, whatever the bytes.
enum MemoryGoal {
    static func mustKiB(entries: Int) -> Int { 32 * 1024 + entries * 120 / 1024 }
    static func aimKiB(entries: Int) -> Int { 16 * 1024 + entries * 64 / 1024 }
}
