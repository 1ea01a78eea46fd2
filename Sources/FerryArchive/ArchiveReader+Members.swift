import FerryCore

extension ArchiveReader {
    /// Makes what is handed out of a checked member; nil for the root, whose mode and times are never changed.
    func convert(_ member: AuditedMember, _ header: borrowing DecodedHeader) throws(ArchiveError) -> ArchiveMember? {
        let kind = try kind(of: member, header)
        var name = member.name[...]
        if name == [UInt8(ascii: ".")], kind == .directory { return nil }
        ArchiveReader.dropDotSlashes(&name)
        if kind == .directory {
            if name.isEmpty && member.name.starts(with: "./".utf8) { return nil }
            if name == [UInt8(ascii: ".")] { return nil }
            if name.last == RelativePath.separator { name.removeLast() }
        }
        let path = try validate(name, member, "its name")
        return ArchiveMember(
            path: path, kind: kind, mode: header.mode, size: kind == .file ? member.size : 0, mtime: member.mtime,
            isSparse: member.isSparse, position: member.headerStart, owner: header.owner)
    }

    private func kind(
        of member: AuditedMember, _ header: borrowing DecodedHeader
    ) throws(ArchiveError) -> ArchiveMember.Kind {
        let isFlagged = member.typeFlag == UInt8(ascii: "1")
        if header.isHardLink && isFlagged {
            var target = member.linkTarget[...]
            ArchiveReader.dropDotSlashes(&target)
            return .hardLink(target: try validate(target, member, "the name it is a hard link to"))
        }
        switch (header.kind, member.typeFlag) {
        case (.file, 0), (.file, UInt8(ascii: "0")), (.file, UInt8(ascii: "7")), (.file, UInt8(ascii: "S")):
            return .file
        case (.directory, UInt8(ascii: "5")):
            return .directory
        case (.directory, 0), (.directory, UInt8(ascii: "0")):
            // Old tars mark a directory by a slash at the end of a file's name.
            guard member.storedSize == 0 else { break }
            return .directory
        case (.symlink, UInt8(ascii: "2")):
            return .symlink(target: member.linkTarget)
        case (.characterDevice, UInt8(ascii: "3")): return .skipped(.characterDevice)
        case (.blockDevice, UInt8(ascii: "4")): return .skipped(.blockDevice)
        case (.fifo, UInt8(ascii: "6")): return .skipped(.fifo)
        default: break
        }
        throw ArchiveError(
            .malformed, "reading", path: member.name, position: member.headerStart,
            reason: "two readings of its headers disagree about what it is",
            advice: "the archive is damaged or hostile: make it anew")
    }

    private func validate(
        _ bytes: ArraySlice<UInt8>, _ member: AuditedMember, _ what: String
    ) throws(ArchiveError) -> RelativePath {
        let path: RelativePath
        do throws(RelativePathError) {
            path = try RelativePath(validating: Array(bytes))
        } catch {
            throw ArchiveError(
                .unsafePath, "reading", path: member.name, position: member.headerStart,
                reason: "\(what) \(error.reason)", advice: "look at what made the archive: it tries to leave its root")
        }
        guard path.depth <= limits.depth else {
            throw ArchiveLimits.exceeded(
                "depth", Int64(limits.depth), path: member.name, position: member.headerStart)
        }
        return path
    }

    /// Drops the `./` that tars put before names when they are told to pack a directory's content.
    private static func dropDotSlashes(_ name: inout ArraySlice<UInt8>) {
        while name.starts(with: "./".utf8) { name.removeFirst(2) }
    }
}
