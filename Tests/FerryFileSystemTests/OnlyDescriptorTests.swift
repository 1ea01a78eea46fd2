import FerryCore
import FerryThreads
import SystemPackage
import Testing

@testable import FerryFileSystem

@Suite("Threads that keep one directory open")
struct OnlyDescriptorTests {
    @Test("such a thread works below its directory and has no copy of what else is open")
    func keepsOne() throws {
        let other = try RootDirectory.open(Array("/usr".utf8))
        let root = try RootDirectory.open(Array("/".utf8))
        let later = try RootDirectory.open(Array("/etc".utf8))
        let seen = Monitor<[Bool]>([])
        let crew = ThreadSet()
        crew.add(
            try BlockingThread(named: "only", descriptors: root.onlyDescriptor) {
                let isOwn = BlockingThread.hasOwnDescriptors
                let name = try? TerminatedName(Array("usr".utf8))
                let isRootOpen = name.map { (try? root.handle.openDirectory($0)) != nil } ?? false
                // Where the system refuses a table of its own, the thread goes on with the one that it shares.
                let hasOthers = (try? other.handle.status()) != nil || (try? later.handle.status()) != nil
                seen.withLock { seen.state = [isRootOpen, hasOthers != isOwn] }
            })
        crew.join()
        #expect(seen.withLock { seen.state } == [true, true])
        #expect((try? other.handle.status()) != nil)
        #expect((try? later.handle.status()) != nil)
    }
}
