"""The MCP face: CodeLab's index, agents and approvals as tools for other assistants."""
