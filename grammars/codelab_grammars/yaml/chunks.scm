(document (block_node (block_mapping (block_mapping_pair) @chunk)))
(document (block_node (block_sequence (block_sequence_item) @chunk)))
