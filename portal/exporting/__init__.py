"""导出: lists of the desk as tables, asked for by somebody and written by the sweep; whose rows they are says how."""
