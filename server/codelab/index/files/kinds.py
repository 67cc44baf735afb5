"""Names that tell what a file or a folder is for."""

ALWAYS_LEFT_OUT = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".bzr",
        ".jj",
        "node_modules",
        "bower_components",
        "jspm_packages",
        "__pycache__",
        "__pypackages__",
        ".venv",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".ipynb_checkpoints",
        ".gradle",
        ".terraform",
        ".next",
        ".nuxt",
        ".svelte-kit",
        ".parcel-cache",
        ".turbo",
        ".yarn",
        ".pnpm-store",
        ".angular",
        ".dart_tool",
        ".cargo",
        ".bundle",
        ".stack-work",
        ".nyc_output",
        ".import_linter_cache",
        ".cache",
        ".direnv",
        "DerivedData",
        "htmlcov",
        "site-packages",
        "elm-stuff",
    }
)
BUILD_FOLDERS = frozenset({"build", "dist", "target", "out", "coverage", "Pods", "venv"})
DOTNET_FOLDERS = frozenset({"bin", "obj"})  # output only beside a project file of .NET
DOTNET_PROJECTS = (".csproj", ".fsproj", ".vbproj", ".sln")
PROJECT_FILES = frozenset(
    {
        "package.json", "pyproject.toml", "setup.py", "setup.cfg", "Cargo.toml", "pom.xml",
        "build.gradle", "build.gradle.kts", "build.sbt", "CMakeLists.txt", "meson.build",
        "Makefile", "Package.swift", "pubspec.yaml", "Podfile", "requirements.txt"
    }
)  # fmt: skip
LOCK_FILES = frozenset(
    {
        "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock",
        "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "Cargo.lock", "Gemfile.lock",
        "composer.lock", "go.sum", "flake.lock", "mix.lock", "pubspec.lock", "Podfile.lock",
        "gradle.lockfile", "packages.lock.json"
    }
)  # fmt: skip
BINARY_ENDINGS = frozenset(
    {
        ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".ico", ".icns", ".webp", ".avif", ".tif", ".tiff",
        ".psd", ".heic", ".mp3", ".mp4", ".m4a", ".ogg", ".wav", ".flac", ".avi", ".mov", ".mkv",
        ".webm", ".zip", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".tgz", ".jar",
        ".war", ".whl", ".egg", ".nupkg", ".deb", ".rpm", ".dmg", ".iso", ".exe", ".dll", ".so",
        ".dylib", ".a", ".o", ".obj", ".lib", ".pdb", ".class", ".pyc", ".pyo", ".wasm", ".node",
        ".ttf", ".otf", ".woff", ".woff2", ".eot", ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt",
        ".pptx", ".sqlite", ".sqlite3", ".db", ".gguf", ".safetensors", ".onnx", ".pt", ".pth",
        ".npy", ".npz", ".parquet", ".pkl", ".mo", ".swf"
    }
)  # fmt: skip
