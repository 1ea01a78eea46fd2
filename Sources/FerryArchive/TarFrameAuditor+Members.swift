import FerryCore

extension TarFrameAuditor {
    /// Visits a member's own header.
    mutating func visitMember(_ block: Span<UInt8>, typeFlag: UInt8, size: Int64) throws(ArchiveError) {
        member = AuditedMember()
        member.headerStart = chain.start
        member.typeFlag = typeFlag
        try setNames(block)
        member.storedSize = try storedSize(ofHeader: size)
        member.size = member.storedSize
        let isFile = typeFlag == 0 || typeFlag == UInt8(ascii: "0") || typeFlag == UInt8(ascii: "7")
        guard isFile || typeFlag == UInt8(ascii: "S") || member.storedSize == 0 else {
            throw malformed(member, "a link, a directory or a device claims to have content")
        }
        if let extended = chain.extended, extended.isSparse {
            guard isFile, let size = extended.sparseSize else {
                throw malformed(member, "its sparse records make no sense")
            }
            member.isSparse = true
            member.size = size
            member.hasMapInContent = extended.sparseMajor == 1
        }
        try setTime(block)
        guard typeFlag == UInt8(ascii: "S") else { return try finishMember(dataStart: position + Int64(TarBlock.size)) }
        guard TarBlockReader.hasMagic(block, "ustar  "), !member.isSparse,
            let size = TarBlockReader.number(block, 483, 12), size >= 0
        else { throw malformed(member, "its sparse header makes no sense") }
        member.isSparse = true
        member.size = size
        guard block[482] != 0 else { return try finishMember(dataStart: position + Int64(TarBlock.size)) }
        state = .sparseMap
    }

    private mutating func setNames(_ block: Span<UInt8>) throws(ArchiveError) {
        let extended = chain.extended
        if let name = extended?.sparseName ?? extended?.path {
            // GNU tar lets the later header win, libarchive the extended one.
            guard chain.longName == nil || chain.longName == name else {
                throw malformed("a member has two names", "the archive is damaged or hostile: make it anew")
            }
            member.name = name
            member.hasPaxName = true
        } else if let name = chain.longName {
            member.name = name
        } else {
            let isPOSIX = TarBlockReader.hasMagic(block, "ustar") && !TarBlockReader.hasMagic(block, "ustar  ")
            if isPOSIX && block[345] != 0 {
                TarBlockReader.append(block, TarBlockReader.text(block, 345, 155), to: &member.name)
                if member.name.last != UInt8(ascii: "/") { member.name.append(UInt8(ascii: "/")) }
            }
            TarBlockReader.append(block, TarBlockReader.text(block, 0, 100), to: &member.name)
        }
        guard member.typeFlag == UInt8(ascii: "1") || member.typeFlag == UInt8(ascii: "2") else { return }
        if let target = extended?.linkTarget {
            guard chain.longLink == nil || chain.longLink == target else {
                throw malformed(member, "it has two link targets")
            }
            member.linkTarget = target
            member.hasPaxLink = true
        } else if let target = chain.longLink {
            member.linkTarget = target
        } else {
            TarBlockReader.append(block, TarBlockReader.text(block, 157, 100), to: &member.linkTarget)
        }
        guard !member.linkTarget.isEmpty else { throw malformed(member, "it is a link without a target") }
    }

    /// The size that counts; an extended header may only say what the ustar field cannot.
    private func storedSize(ofHeader size: Int64) throws(ArchiveError) -> Int64 {
        guard let extended = chain.extended?.size, extended != size else { return size }
        guard size == 0 && extended > UstarHeader.largestOctal else {
            throw malformed(member, "its extended header says \(extended) bytes, its header \(size)")
        }
        return extended
    }

    private mutating func setTime(_ block: Span<UInt8>) throws(ArchiveError) {
        if let mtime = chain.extended?.mtime ?? globalMtime {
            member.mtime = mtime
        } else if let seconds = TarBlockReader.number(block, 136, 12) {
            member.mtime = Timestamp(seconds: seconds)
        } else {
            throw malformed(member, "its time is not a number")
        }
    }

    /// Notes a member whose headers are complete.
    mutating func finishMember(dataStart: Int64) throws(ArchiveError) {
        member.dataStart = dataStart
        memberCount += 1
        guard memberCount <= limits.entries else {
            throw ArchiveLimits.exceeded("entries", limits.entries, path: member.name, position: member.headerStart)
        }
        let (total, overflow) = contentBytes.addingReportingOverflow(member.storedSize)
        let (end, endOverflow) = (dataStart + 2 * Int64(TarBlock.size)).addingReportingOverflow(member.storedSize)
        guard !overflow && !endOverflow && end > 0 else { throw malformed(member, "its size is beyond any file's") }
        contentBytes = total
        if let limit = limits.contentBytes, total > limit {
            throw ArchiveLimits.exceeded("content bytes", limit, path: member.name, position: member.headerStart)
        }
        found.append(member)
        chain = HeaderChain()
        let rest = member.end - dataStart
        state = rest == 0 ? .header : .content(rest)
    }

    private func malformed(_ member: AuditedMember, _ reason: String) -> ArchiveError {
        ArchiveError(
            .malformed, "reading the header of", path: member.name, position: position, reason: reason,
            advice: "the archive is damaged or hostile: make it anew")
    }
}
