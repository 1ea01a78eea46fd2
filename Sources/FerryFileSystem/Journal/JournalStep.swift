import FerryCore
import SystemPackage

/// One change of a journal with its two ends at hand.
struct JournalStep {
    let operation: JournalOperation
    let here: OpenDirectory
    let slot: (directory: OpenDirectory, name: TerminatedName)
    let edits: TreeEdits

    /// How a change ended.
    enum Outcome {
        case done
        /// The old entry came out of the area into its place again, with a new ctime.
        case putBack
        /// Nothing was changed.
        case refused(String)
        /// The area holds the only copy of something.
        case stuck(String)
    }

    private static let changed = "kept: it changed after the plan was made; run the same command again"
    private static let appeared = "kept: it appeared after the plan was made; run the same command again"
    private static let notEmpty = "not removed: something in it is not known to this sync or was kept"
    private static let mostSwaps = 100
    private static let changedTwice =
        "it changed twice after the plan was made; the version before the last is put aside"
    private static let edited = "kept: it was changed after the run that is taken back; what it replaced is put aside"

    // MARK: Forwards

    func carryOut() throws(Errno) -> Outcome {
        switch operation.kind {
        case .exchange: try exchange(leaving: operation.old, bringing: operation.new, refusal: Self.changed)
        case .bring: try bring()
        case .take: try take(leaving: operation.old, refusal: Self.changed)
        case .mode: try changeMode(from: operation.old, to: operation.new)
        }
    }

    private func bring() throws(Errno) -> Outcome {
        do throws(Errno) {
            try slot.directory.handle.renameWithoutReplacing(slot.name, to: here.handle, as: operation.name)
            return .done
        } catch .fileExists {
            return .refused(Self.appeared)
        }
    }

    // MARK: Backwards

    /// Takes back, unless it was not done.
    func takeBack() throws(Errno) -> Outcome {
        switch operation.kind {
        case .exchange:
            // Anything but the staged entry came out of the workspace, perhaps somebody's edit that the plan did not see.
            guard let parked = try status(slot.name, in: slot.directory), parked.inode != operation.new?.inode
            else { return .done }
            guard try status(operation.name, in: here) != nil else { return try putBack() }
            switch try exchange(leaving: operation.new, bringing: EntryState(parked), refusal: Self.edited) {
            case .refused(let message): return .stuck(message)
            case .done: return .putBack
            case let outcome: return outcome
            }
        case .bring:
            guard try status(slot.name, in: slot.directory) == nil else { return .done }
            guard let found = try status(operation.name, in: here) else { return .done }
            guard found.inode == operation.new?.inode else { return .refused(Self.edited) }
            return try take(leaving: operation.new, refusal: Self.edited)
        case .take:
            guard try status(slot.name, in: slot.directory) != nil else { return .done }
            return try putBack()
        case .mode:
            return try changeMode(from: operation.new, to: operation.old)
        }
    }

    private func putBack() throws(Errno) -> Outcome {
        do throws(Errno) {
            try slot.directory.handle.renameWithoutReplacing(slot.name, to: here.handle, as: operation.name)
            return .putBack
        } catch .fileExists {
            return .stuck(Self.edited)
        }
    }

    // MARK: Parts

    /// First out of the way, then looked at: whatever somebody wrote until the very rename is seen and goes back.
    private func exchange(
        leaving expected: EntryState?, bringing: EntryState?, refusal: String
    ) throws(Errno) -> Outcome {
        if try isInUse(expected) { return .refused(Self.notEmpty) }
        guard try swap() else {
            return .refused("not written: it was removed after the plan was made; run the same command again")
        }
        if try isParked(expected) { return .done }
        return try exchangeBack(bringing, refusal)
    }

    /// Lets the two ends change places; false when there is nothing in the workspace.
    ///
    /// RACE: who removes the entry may make it anew before anybody looks.
    private func swap() throws(Errno) -> Bool {
        for _ in 0..<Self.mostSwaps {
            do throws(Errno) {
                try slot.directory.handle.exchange(slot.name, with: here.handle, operation.name)
                return true
            } catch .noSuchFileOrDirectory {
                guard try status(slot.name, in: slot.directory) != nil else { throw .noSuchFileOrDirectory }
                if try status(operation.name, in: here) == nil { return false }
            }
        }
        throw .noSuchFileOrDirectory
    }

    /// Gives an edit its place again.
    ///
    /// RACE: between the two exchanges somebody may put an even newer edit into the place, over what this run had put there. Then that one
    /// comes out, and has to go back in its turn, being the last: until what comes out is what was put in before.
    private func exchangeBack(_ bringing: EntryState?, _ refusal: String) throws(Errno) -> Outcome {
        var inPlace = bringing
        inPlace?.comparesMode = false
        var isNewest = true
        while true {
            let edit = EntryState(try slot.directory.handle.status(of: slot.name))
            guard try swap() else { return .stuck(Self.changedTwice) }
            let out = try slot.directory.handle.status(of: slot.name)
            guard let known = inPlace, !known.matches(out) else {
                return isNewest ? .refused(refusal) : .stuck(Self.changedTwice)
            }
            inPlace = edit
            inPlace?.comparesMode = false
            isNewest = false
        }
    }

    private func take(leaving expected: EntryState?, refusal: String) throws(Errno) -> Outcome {
        do throws(Errno) {
            if try isInUse(expected) { return .refused(Self.notEmpty) }
            try here.handle.renameWithoutReplacing(operation.name, to: slot.directory.handle, as: slot.name)
        } catch .noSuchFileOrDirectory {
            return .done
        }
        if try isParked(expected) { return .done }
        do throws(Errno) {
            try slot.directory.handle.renameWithoutReplacing(slot.name, to: here.handle, as: operation.name)
            return .refused(refusal)
        } catch .fileExists {
            return .stuck(Self.changedTwice)
        }
    }

    /// Whether a directory that should leave empty is not, so that it need not even be moved for a moment.
    private func isInUse(_ expected: EntryState?) throws(Errno) -> Bool {
        guard let expected, expected.kind == .directory, !expected.isWhole,
            let found = try status(operation.name, in: here), found.kind == .directory
        else { return false }
        return try !here.isEmpty(operation.name)
    }

    /// Whether what left the workspace is what was to leave.
    private func isParked(_ expected: EntryState?) throws(Errno) -> Bool {
        guard let expected else { return false }
        let status = try slot.directory.handle.status(of: slot.name)
        guard expected.matches(status) else { return false }
        guard expected.kind == .directory else { return true }
        return expected.isWhole
            ? !edits.isEdited(below: slot.name, in: slot.directory, mtime: expected.mtime)
            : try slot.directory.isEmpty(slot.name)
    }

    private func changeMode(from old: EntryState?, to new: EntryState?) throws(Errno) -> Outcome {
        guard let old, let new, let found = try status(operation.name, in: here), found.inode == old.inode else {
            return .refused(Self.changed)
        }
        if found.mode == new.mode { return .done }
        guard found.mode == old.mode else { return .refused(Self.changed) }
        try here.handle.setMode(of: operation.name, to: new.mode)
        return .done
    }

    private func status(_ name: TerminatedName, in directory: OpenDirectory) throws(Errno) -> EntryStatus? {
        do throws(Errno) { return try directory.handle.status(of: name) } catch .noSuchFileOrDirectory { return nil }
    }
}
