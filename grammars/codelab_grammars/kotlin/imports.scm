(import (qualified_identifier) @import.path) @import
(import (qualified_identifier) @import.module "*" @import.name) @import
