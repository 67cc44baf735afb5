(import_or_export (library_import (import_specification
  (configurable_uri (uri (string_literal) @import.module))))) @import
(import_or_export (library_import (import_specification
  (combinator "show" (identifier) @import.name))))
(import_or_export (library_export (configurable_uri (uri (string_literal) @import.module)))) @import
(part_directive (uri (string_literal) @import.module)) @import
