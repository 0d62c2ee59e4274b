"""What a tool's choice of words says where no rule knows them: weights of single words, learned from made-up tools."""
