"""JavaScript and TypeScript: relative files, ``paths`` of tsconfig, packages of the workspace by name."""

from typing import Any

from codelab.index.knowledge.resolve.tree import ELSEWHERE, Link, Resolved, Tree, join, parent
from codelab.index.parsing.parsed import Import

_ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".json", ".vue", ".svelte")
_WRITTEN_AS = {
    ".js": (".ts", ".tsx", ".d.ts", ".jsx"),
    ".jsx": (".tsx",),
    ".mjs": (".mts", ".d.mts"),
    ".cjs": (".cts", ".d.cts"),
}
_BUILT = ("dist", "build", "lib", "out", "esm", "cjs")
_CONDITIONS = ("source", "types", "import", "module", "browser", "node", "default", "require", "development")
_ENTRIES = ("source", "types", "typings", "module", "main", "browser")
_MOST_EXTENDS = 8


def resolve(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the file that an import statement leads to."""
    written = statement.module.rpartition("!")[2].partition("?")[0]
    folder = parent(importer)
    if not written or "://" in written or written.startswith(("data:", "node:")):
        return ELSEWHERE
    if written in {".", ".."} or written.startswith(("./", "../")):
        path = join(folder, written)
        if path is None:
            return ELSEWHERE
        found = file_at(path, tree)
        return _link(found, statement) if found else Resolved(missing=statement.module)
    key = ("ecmascript", folder, written)
    if key not in tree.memo:
        tree.memo[key] = _by_name(written, folder, tree)
    named: str | None = tree.memo[key]
    return _link(named, statement) if named else ELSEWHERE


def _link(path: str, statement: Import) -> Resolved:
    return Resolved((Link(path, statement.names),))


def file_at(path: str, tree: Tree) -> str | None:
    """Return the file that a path without ending, of a folder, or of a built file stands for."""
    if path in tree.paths:
        return path
    stem, dot, ending = path.rpartition(".")
    for other in _WRITTEN_AS.get(dot + ending, ()):
        if stem + other in tree.paths:
            return stem + other
    for other in _ENDINGS:
        if path + other in tree.paths:
            return path + other
    if path not in tree.folders:
        return None
    manifest = tree.json(f"{path}/package.json" if path else "package.json")
    for entry in _ENTRIES:
        if isinstance(target := manifest.get(entry), str):
            place = join(path, target)
            if place and place != path and (found := file_at(place, tree) or _source_of(place, tree)):
                return found
    index = f"{path}/index" if path else "index"
    return next((index + one for one in (*_ENDINGS, ".d.mts", ".d.cts") if index + one in tree.paths), None)


def _source_of(path: str, tree: Tree) -> str | None:
    """Return the source of a built file: ``dist/a.js`` is made from ``src/a.ts``."""
    parts = path.split("/")
    for at, part in enumerate(parts):
        if part in _BUILT:
            for instead in (["src"], []):
                stem = "/".join((*parts[:at], *instead, *parts[at + 1 :]))
                for ending in (".d.ts", ".d.mts", ".d.cts", ".js", ".mjs", ".cjs"):
                    if stem.endswith(ending) and (found := file_at(f"{stem.removesuffix(ending)}.js", tree)):
                        return found
    return None


def _by_name(written: str, folder: str, tree: Tree) -> str | None:
    for name in ("tsconfig.json", "jsconfig.json"):
        if (config := tree.nearest(folder, name)) and (found := _by_config(written, config, tree)):
            return found
    own = tree.nearest(folder, "package.json")
    if written.startswith("#"):
        return _by_exports(written, own, "imports", tree) if own else None
    parts = written.split("/")
    name = "/".join(parts[: 2 if written.startswith("@") else 1])
    manifest = _packages(tree).get(name)
    if manifest is None:
        return None
    below = written[len(name) :].strip("/")
    home = parent(manifest)
    if found := _by_exports(f"./{below}" if below else ".", manifest, "exports", tree):
        return found
    for base in (home, f"{home}/src" if home else "src"):
        path = join(base, below)
        if path is not None and (found := file_at(path, tree)):
            return found
    return None


def _packages(tree: Tree) -> dict[str, str]:
    """Return the manifests of the workspace's packages by their names."""
    if "packages" not in tree.memo:
        found: dict[str, str] = {}
        for path in tree.by_name.get("package.json", ()):
            if isinstance(name := tree.json(path).get("name"), str):
                found.setdefault(name, path)
        tree.memo["packages"] = found
    packages: dict[str, str] = tree.memo["packages"]
    return packages


def _by_exports(entry: str, manifest: str, field: str, tree: Tree) -> str | None:
    """Look an entry up in a manifest's ``exports`` or ``imports``."""
    exports = tree.json(manifest).get(field)
    if field == "exports" and not (isinstance(exports, dict) and any(key.startswith(".") for key in exports)):
        exports = {".": exports}
    if not isinstance(exports, dict):
        return None
    for pattern, target in exports.items():
        before, star, after = pattern.partition("*")
        if pattern == entry:
            taken = ""
        elif star and entry.startswith(before) and entry.endswith(after) and len(entry) >= len(pattern) - 1:
            taken = entry[len(before) : len(entry) - len(after)]
        else:
            continue
        for one in _targets(target):
            place = join(parent(manifest), one.replace("*", taken))
            if place and (found := file_at(place, tree) or _source_of(place, tree)):
                return found
    return None


def _targets(target: Any, depth: int = 0) -> list[str]:
    if isinstance(target, str):
        return [target]
    if depth > _MOST_EXTENDS:
        return []
    if isinstance(target, list):
        return [one for part in target for one in _targets(part, depth + 1)]
    if isinstance(target, dict):
        known = [name for name in _CONDITIONS if name in target]
        return [
            one
            for name in (*known, *(n for n in target if n not in _CONDITIONS))
            for one in _targets(target[name], depth + 1)
        ]
    return []


def _by_config(written: str, config: str, tree: Tree) -> str | None:
    """Look a name up in ``paths`` and ``baseUrl``, in what the configuration extends too."""
    for _ in range(_MOST_EXTENDS):
        data = tree.json(config)
        options = data.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base_url, patterns = options.get("baseUrl"), options.get("paths")
        base = join(parent(config), base_url if isinstance(base_url, str) else ".")
        if (
            base is not None
            and isinstance(patterns, dict)
            and (found := _by_paths(written, base, patterns, tree))
        ):
            return found
        path = join(base, written) if base is not None and isinstance(base_url, str) else None
        if path and (found := file_at(path, tree)):
            return found
        extended = data.get("extends")
        if not isinstance(extended, str) or not extended.startswith("."):
            return None
        path = join(parent(config), extended)
        above = path if path in tree.paths else f"{path}.json"
        if above not in tree.paths:
            return None
        config = above
    return None


def _by_paths(written: str, base: str, patterns: dict[str, Any], tree: Tree) -> str | None:
    for pattern, targets in sorted(patterns.items(), key=lambda item: -len(item[0].partition("*")[0])):
        before, star, after = pattern.partition("*")
        if not (pattern == written or (star and written.startswith(before) and written.endswith(after))):
            continue
        taken = written[len(before) : len(written) - len(after)] if star else ""
        for target in targets if isinstance(targets, list) else ():
            path = join(base, str(target).replace("*", taken))
            if path is not None and (found := file_at(path, tree)):
                return found
    return None
