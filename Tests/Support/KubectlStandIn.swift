/// A command named `kubectl` that takes the arguments which Ferry gives it, runs commands on this machine instead of in a pod, and
/// fails as the real one does.
package struct KubectlStandIn {
    /// The directory that holds it, to be the first of a search path.
    package let directory: String

    /// The words that run it, without a search path.
    package var command: [String] { ["sh", directory + "/kubectl"] }

    /// One way to fail.
    package enum Fault: Sendable {
        /// The output ends after so many bytes, and the status is 0.
        case cutOutput(Int)
        /// A piece of the output comes twice after so many bytes.
        case repeatOutput(Int)
        /// The input ends after so many bytes, and what comes behind them is lost.
        case cutInput(Int)
        /// The connection breaks after so many bytes of output.
        case breaks(Int)
        /// Nothing can be started.
        case refuses
        /// The end of the input is hidden from the command.
        case hidesEnd

        fileprivate var words: String {
            switch self {
            case .cutOutput(let count): "cut \(count)"
            case .repeatOutput(let count): "repeat \(count)"
            case .cutInput(let count): "starve \(count)"
            case .breaks(let count): "break \(count)"
            case .refuses: "refuse 0"
            case .hidesEnd: "hide 0"
            }
        }
    }

    /// Makes it.
    ///
    /// - Parameter directory: A directory that exists.
    /// - Throws: ``Tool/Failure``.
    package init(in directory: String) throws {
        self.directory = directory
        // By a process of its own: one that another test starts meanwhile must not hold it open for writing.
        try Self.write(directory + "/kubectl", "#!/bin/sh\n" + Self.script)
        try Self.write(directory + "/pump", Self.pump)
    }

    /// How the next commands fail; nil: not at all.
    package func fail(_ fault: Fault?) throws { try Self.write(directory + "/fault", (fault?.words ?? "") + "\n") }

    /// How many commands it ran since this was asked last.
    package func takeCount() throws -> Int {
        let result = try Tool.run("/bin/sh", ["-c", "cat \"$1\" 2>/dev/null; : >\"$1\"", "sh", directory + "/log"])
        return result.text.split(separator: "\n").count
    }

    private static func write(_ path: String, _ text: String) throws {
        let result = try Tool.run(
            "/bin/sh", ["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh", path], input: Array(text.utf8))
        guard result.status == 0 else { throw Tool.Failure(result: result) }
    }

    private static let script = #"""
        d=${0%/*}
        missing() { [ "$1" = box ] || { echo 'Error from server (NotFound): pods "'"$1"'" not found' >&2; exit 1; }; }
        fault= n=
        [ ! -f "$d/fault" ] || read -r fault n <"$d/fault"
        if [ "$1" = get ]; then
          [ "$1 $2 $3 $4 $6 $7" = "get pod -n ns -o jsonpath={.metadata.uid}" ] || exit 64
          missing "$5"
          printf %s 6f1c2d34-uid; exit
        fi
        [ "$1 $2 $3 $4" = "exec -i -n ns" ] || exit 64
        missing "$5"
        shift 5
        [ "$1" != -c ] || { [ "$2" = main ] || exit 64; shift 2; }
        [ "$1" = -- ] || exit 64
        shift
        for a do
          # What API servers take of a request's line is not endless.
          [ ${#a} -le 8192 ] || { echo 'error: unable to upgrade connection: 414 Request-URI Too Large' >&2; exit 1; }
        done
        echo run >>"$d/log"
        case $fault in
        '') "$@" ;;
        refuse) echo 'error: unable to upgrade connection: Internal Server Error' >&2; exit 1 ;;
        *) python3 -I -S "$d/pump" "$fault" "$n" "$@" ;;
        esac
        s=$?
        [ $s -ne 199 ] || { echo 'error: unexpected EOF' >&2; exit 1; }
        [ $s -eq 0 ] || echo "command terminated with exit code $s" >&2
        exit $s
        """#

    private static let pump = #"""
        import os, subprocess, sys, threading
        fault, count, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def write(descriptor, data):
            while data: data = data[os.write(descriptor, data):]

        def feed():
            left, descriptor = count, child.stdin.fileno()
            try:
                while data := os.read(0, 65536):
                    if fault == "starve":
                        if left == 0: continue
                        data = data[:left]
                        left -= len(data)
                    write(descriptor, data)
                    if fault == "starve" and left == 0: child.stdin.close()
                if fault != "hide" and not child.stdin.closed: child.stdin.close()
            except OSError: pass

        threading.Thread(target=feed, daemon=True).start()
        passed = 0
        while data := os.read(child.stdout.fileno(), 65536):
            if fault in ("cut", "break") and passed + len(data) >= count:
                write(1, data[:count - passed])
                child.kill()
                os._exit(0 if fault == "cut" else 199)
            if fault == "repeat" and passed < count <= passed + len(data):
                end = count - passed
                data = data[:end] + data[max(end - 300, 0):end] + data[end:]
            passed += len(data)
            try: write(1, data)
            except OSError: break
        os._exit(child.wait() % 256)
        """#
}
