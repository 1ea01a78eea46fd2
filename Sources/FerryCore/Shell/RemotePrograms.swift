/// Programs that the script hands to other programs: to `sh -c` below `xargs`, to python3 and to perl, to `find -printf`.
///
/// A listing's entry is three strings, each with a NUL behind it: `KIND MODE SIZE MTIME CTIME INODE LINKS DEVICE UID GID`, the path,
/// the link's target. A string `!` in place of the first marks a path that could not be read; the third says why.
///
/// `find` tells a whole tree in the order of its walk, each directory right before what is in it, and shorter: right behind the kind
/// stands the depth, in place of the path the name. The target comes also where there is none: what is a link when a directory is read
/// may be none when its status is, so nothing but one format for all kinds can be read back for certain.
enum RemotePrograms {
    static let all: [(name: String, text: String)] = [
        ("ff", findFormat), ("fw", walkFormat), ("reals", reals), ("batch", batch), ("plist", pythonListing),
        ("llist", perlListing),
        ("sums", sums),
        ("pdigest", pythonDigests), ("ldigest", perlDigests), ("there", there), ("modes", modes), ("touches", touches),
        ("ptimes", pythonTimes),
    ]

    private static let findFormat = #"%y %m %s %T@ %C@ %i %n %D %U %G\0%p\0%l\0"#
    private static let walkFormat = #"%y%d %m %s %T@ %C@ %i %n %D %U %G\0%f\0%l\0"#

    /// Keeps, of the names, those of directories that are reached without a link; without one it ends.
    private static let reals = #"""
        real() {
          case $1 in ./*) real "${1%/*}" || return 1 ;; esac
          [ -d "$1" ] && ! [ -L "$1" ]
        }
        for p do shift; if real "$p"; then set -- "$@" "$p"; fi; done
        [ $# != 0 ] || exit 0

        """#

    /// `stat` prints a name as it is, so its lines hold none: they stand in one string, the names behind it in the same order.
    ///
    /// Targets come before: `@`, path, target. When one name has gone meanwhile, each is asked on its own.
    private static let batch = #"""
        for p do
          if [ -L "$p" ]; then printf '@\0%s\0' "$p"; readlink -n "$p" 2>/dev/null; printf '\0'; fi
        done
        if s=$(stat -c "$0" "$@" 2>/dev/null); then printf '%%\0%s\0' "$s"; printf '%s\0' "$@"; printf '\0'
        else
          for p do
            if s=$(stat -c "$0" "$p" 2>/dev/null); then printf '%%\0%s\0%s\0\0' "$s" "$p"; fi
          done
        fi
        for p do
          if [ -d "$p" ] && ! [ -L "$p" ]; then
            if ! [ -r "$p" ] || ! [ -x "$p" ]; then printf '!\0%s\0\0' "$p"; fi
          fi
        done
        exit 0
        """#

    private static let pythonListing = #"""
        os,sys,stat=map(__import__,("os","sys","stat"))
        o=sys.stdout.buffer
        K={stat.S_IFREG:"f",stat.S_IFDIR:"d",stat.S_IFLNK:"l",stat.S_IFIFO:"p",stat.S_IFSOCK:"s",stat.S_IFCHR:"c",stat.S_IFBLK:"b"}
        def bad(p,e): o.write(b"!\0"+p+b"\0"+os.fsencode(e.strerror or "")+b"\0")
        def t(v): return "%d.%09d"%divmod(v,10**9)
        def show(p):
            try:
                s=os.lstat(p)
                k=K.get(stat.S_IFMT(s.st_mode),"U")
                l=os.readlink(p) if k=="l" else b""
            except FileNotFoundError: return False
            except OSError as e:
                bad(p,e)
                return False
            h="%s %o %d %s %s %d %d %d %d %d"%(k,stat.S_IMODE(s.st_mode),s.st_size,t(s.st_mtime_ns),t(s.st_ctime_ns),
                s.st_ino,s.st_nlink,s.st_dev,s.st_uid,s.st_gid)
            o.write(h.encode()+b"\0"+p+b"\0"+l+b"\0")
            return k=="d"
        def real(p):
            c=p.split(b"/")
            try: return all(stat.S_ISDIR(os.lstat(b"/".join(c[:i+1])).st_mode) for i in range(len(c)))
            except (FileNotFoundError,NotADirectoryError): return False
            except OSError as e:
                bad(p,e)
                return False
        if sys.argv[1]=="some":
            for p in sys.stdin.buffer.read().split(b"\0"):
                if p: show(p)
        else:
            if sys.argv[1]=="below": w=[p for p in sys.stdin.buffer.read().split(b"\0") if p and real(p)]
            else: w=[b"."] if show(b".") else []
            while w:
                p=w.pop()
                try: n=os.listdir(p)
                except FileNotFoundError: continue
                except OSError as e:
                    bad(p,e)
                    continue
                for c in n:
                    c=p+b"/"+c
                    if show(c): w.append(c)
        o.flush()
        """#

    private static let perlListing = #"""
        use strict; use Fcntl ":mode";
        my $h=eval{require Time::HiRes; Time::HiRes::lstat("/"); 1};
        my %k=(S_IFREG,"f",S_IFDIR,"d",S_IFLNK,"l",S_IFIFO,"p",S_IFSOCK,"s",S_IFCHR,"c",S_IFBLK,"b");
        binmode STDIN; binmode STDOUT;
        sub bad{print "!\0$_[0]\0$!\0"}
        sub t{my $v=shift; my $i=int($v); $i-- if $i>$v; sprintf "%d.%09d",$i,int(($v-$i)*1e9)}
        sub show{my $p=shift; my @s=$h?Time::HiRes::lstat($p):lstat($p);
          if(!@s){bad($p) unless $!{ENOENT}; return 0}
          my $k=$k{S_IFMT($s[2])}||"U"; my $l="";
          if($k eq "l"){$l=readlink($p); if(!defined $l){bad($p) unless $!{ENOENT}; return 0}}
          printf "%s %o %s %s %s %s %s %s %s %s\0%s\0%s\0",$k,S_IMODE($s[2]),$s[7],t($s[9]),t($s[10]),$s[1],$s[3],$s[0],$s[4],$s[5],
            $p,$l;
          return $k eq "d"}
        sub real{my @c=split "/",shift; for my $i(0..$#c){my $p=join "/",@c[0..$i]; my @s=lstat($p);
            if(!@s){bad($p) unless $!{ENOENT}||$!{ENOTDIR}; return 0} return 0 unless S_ISDIR($s[2])} return 1}
        if($ARGV[0] eq "some"){local $/="\0"; while(my $p=<STDIN>){chomp $p; show($p)}}
        else{my @w;
          if($ARGV[0] eq "below"){local $/="\0"; while(my $p=<STDIN>){chomp $p; push @w,$p if real($p)}}
          elsif(show(".")){@w=(".")}
          while(@w){my $p=pop @w; my $d;
            if(!opendir $d,$p){bad($p) unless $!{ENOENT}; next}
            my @n=readdir $d; closedir $d;
            for my $c(@n){next if $c eq "." || $c eq ".."; push @w,"$p/$c" if show("$p/$c")}}}
        close STDOUT or exit 1;
        """#

    /// Only regular files are opened: a fifo would hang.
    ///
    /// Called with `lines`, it prints what `sha256sum` prints, for names that it does not escape; else a line for each name.
    private static let sums = #"""
        if [ "$0" = lines ]; then
          for p do shift; if [ -f "$p" ] && ! [ -L "$p" ]; then set -- "$@" "$p"; fi; done
          [ $# = 0 ] || sha256sum "$@"
        else
          for p do
            s=; if [ -f "$p" ] && ! [ -L "$p" ]; then s=$(sha256sum <"$p"); fi
            s=${s%% *}; printf '%s\n' "${s:--}"
          done
        fi
        exit 0
        """#

    private static let pythonDigests = #"""
        os,sys,stat,hashlib=map(__import__,("os","sys","stat","hashlib"))
        o=[]
        for p in sys.stdin.buffer.read().split(b"\0")[:-1]:
            r="-"
            try:
                f=os.open(p,os.O_RDONLY|os.O_NOFOLLOW|os.O_NONBLOCK)
                try:
                    if stat.S_ISREG(os.fstat(f).st_mode):
                        h=hashlib.sha256()
                        while True:
                            b=os.read(f,1<<20)
                            if not b: break
                            h.update(b)
                        r=h.hexdigest()
                finally: os.close(f)
            except OSError as e: print(e,file=sys.stderr)
            o.append(r)
        print("\n".join(o))
        """#

    private static let perlDigests = #"""
        binmode STDIN; local $/="\0";
        while(my $p=<STDIN>){chomp $p; my $r="-";
          if(lstat($p) && -f _){eval{my $s=Digest::SHA->new(256); open(my $f,"<:raw",$p) or die "$!\n"; local $/;
            $s->addfile($f); $r=$s->hexdigest}}
          print "$r\n"}
        """#

    private static let there = #"""
        for p do if [ -e "$p" ] || [ -L "$p" ]; then printf '%s\0' "$p"; fi; done
        exit 0
        """#

    /// `chmod` follows links, and what was a directory may be one by now.
    private static let modes = #"""
        for p do shift; if ! [ -L "$p" ]; then set -- "$@" "$p"; fi; done
        [ $# = 0 ] || chmod "$0" "$@"
        """#

    /// Each name has its time in front; BusyBox takes whole seconds only.
    private static let touches = #"""
        e=0
        for r do
          t=${r%% *} p=${r#* }
          if [ -z "$0" ]; then
            case $t in -*.*[1-9]*) t=$((${t%.*} - 1)) ;; *) t=${t%.*} ;; esac
          fi
          touch -c -h -d "@$t" "$p" || e=1
        done
        exit $e
        """#

    private static let pythonTimes = #"""
        os,sys=map(__import__,("os","sys"))
        e=0
        for r in sys.stdin.buffer.read().split(b"\0")[:-1]:
            t,p=r.split(b" ",1)
            s,f=t.split(b".")
            n=abs(int(s))*10**9+int(f)
            if t[:1]==b"-": n=-n
            try: os.utime(p,ns=(n,n),follow_symlinks=False)
            except OSError as x:
                print(x,file=sys.stderr)
                e=1
        sys.exit(e)
        """#
}
